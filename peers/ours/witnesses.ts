console.log('skip litewitness: not written yet');
