// Command peers checks our formats with other people's libraries, and makes things for us to check.
//
//	peers verify OURS          reads what peers/ours/make.ts wrote
//	peers make THEIRS OURS     writes what peers/ours/check.ts reads
//	peers agent SOCKET SEED    serves one Ed25519 key to litewitness as an ssh-agent would
//	peers witnessed URL VKEY SECRET FOLDER   grows a tessera log under our witness
//
// Each check prints one line, "ok NAME" or "FAIL NAME: reason".
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
)

func main() {
	switch {
	case len(os.Args) == 3 && os.Args[1] == "verify":
		verifyOurs(os.Args[2])
	case len(os.Args) == 4 && os.Args[1] == "make":
		makeTheirs(os.Args[2], os.Args[3])
	case len(os.Args) == 4 && os.Args[1] == "agent":
		serveAgent(os.Args[2], os.Args[3])
	case len(os.Args) == 6 && os.Args[1] == "witnessed":
		growWitnessed(os.Args[2], os.Args[3], os.Args[4], os.Args[5])
	default:
		fmt.Fprintln(os.Stderr, "usage: peers verify OURS | make THEIRS OURS | agent SOCKET SEED | witnessed URL VKEY SECRET FOLDER")
		os.Exit(2)
	}
	if failures > 0 {
		os.Exit(1)
	}
}

var failures int

// check reports one named check.
func check(name string, err error) {
	if err != nil {
		failures++
		fmt.Printf("FAIL go: %s: %v\n", name, err)
		return
	}
	fmt.Printf("ok go: %s\n", name)
}

// refuses reports a check that must find a fault.
func refuses(name string, err error) {
	if err == nil {
		check(name, fmt.Errorf("accepted"))
		return
	}
	check(name, nil)
}

func read(folder, name string) []byte {
	data, err := os.ReadFile(filepath.Join(folder, name))
	must(err)
	return data
}

func readJSON(folder, name string, into any) {
	must(json.Unmarshal(read(folder, name), into))
}

func write(folder, name string, data []byte) {
	path := filepath.Join(folder, name)
	must(os.MkdirAll(filepath.Dir(path), 0o755))
	must(os.WriteFile(path, data, 0o644))
}

func writeJSON(folder, name string, value any) {
	data, err := json.Marshal(value)
	must(err)
	write(folder, name, data)
}

// must stops at what is no check: a missing file, a disk that is full.
func must(err error) {
	if err != nil {
		fmt.Printf("FAIL go: %v\n", err)
		os.Exit(1)
	}
}
