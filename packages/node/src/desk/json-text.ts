/** Whether JSON from outside can be signed at all: text that `record` takes, whole numbers, depth. */
import { checkText, failure, jsonDepthMax, success } from '@comity/record';
import type { JsonValue, Result } from '@comity/record';

/** `bad-text` with the path of the first text, key or number that no statement may carry. */
export function checkJson(value: JsonValue, path: string, depth = 1): Result<void, 'bad-text'> {
  if (depth > jsonDepthMax) return failure('bad-text', path, 'too deep');
  if (typeof value === 'string') {
    const text = checkText(value);
    return text.ok ? text : failure('bad-text', path, text.detail);
  }
  if (typeof value === 'number') {
    return Number.isSafeInteger(value) && !Object.is(value, -0)
      ? success(undefined)
      : failure('bad-text', path, 'only whole numbers within 2^53');
  }
  if (typeof value !== 'object' || value === null) return success(undefined);
  for (const [key, member] of Object.entries(value)) {
    const name = checkText(key);
    if (!name.ok) return failure('bad-text', path, 'a key');
    const inner = checkJson(member, `${path}/${key}`, depth + 1);
    if (!inner.ok) return inner;
  }
  return success(undefined);
}
