package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"filippo.io/age"
	"filippo.io/torchwood"
	"github.com/transparency-dev/merkle/proof"
	"github.com/transparency-dev/merkle/rfc6962"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

func verifyOurs(ours string) {
	head := verifyCheckpoint(ours)
	verifyTiles(ours, head)
	verifyInclusions(ours)
	verifyConsistencies(ours)
	openPouch(ours)
}

func verifyCheckpoint(ours string) tlog.Tree {
	logKey, err := note.NewVerifier(strings.TrimSpace(string(read(ours, "log.vkey"))))
	check("x/mod note reads our log's vkey", err)
	witness, err := torchwood.NewCosignatureVerifier(strings.TrimSpace(string(read(ours, "witness.vkey"))))
	check("torchwood reads our witness's vkey", err)
	signed := read(ours, "log/checkpoint")
	opened, err := note.Open(signed, note.VerifierList(logKey, witness))
	check("x/mod note opens our checkpoint", err)
	if err != nil {
		os.Exit(1)
	}
	err = nil
	if len(opened.Sigs) != 2 || len(opened.UnverifiedSigs) != 0 {
		err = fmt.Errorf("%d verified, %d not", len(opened.Sigs), len(opened.UnverifiedSigs))
	}
	check("log signature and cosignature both verify", err)
	other := bytes.Replace(signed, []byte("\n70000\n"), []byte("\n70001\n"), 1)
	_, err = note.Open(other, note.VerifierList(logKey))
	refuses("x/mod note refuses another size under our signature", err)
	checkpoint, err := torchwood.ParseCheckpoint(opened.Text)
	check("torchwood parses our checkpoint", err)
	if checkpoint.Origin != logKey.Name() {
		check("origin is the log's name", errors.New(checkpoint.Origin))
	}
	return tlog.Tree{N: checkpoint.N, Hash: checkpoint.Hash}
}

// tileFiles reads C2SP paths, which are those of the Go checksum database without the height.
type tileFiles struct {
	folder string
	spoil  bool
}

func (tileFiles) Height() int                         { return 8 }
func (tileFiles) SaveTiles(_ []tlog.Tile, _ [][]byte) {}
func (t tileFiles) ReadTiles(tiles []tlog.Tile) ([][]byte, error) {
	data := make([][]byte, len(tiles))
	for i, tile := range tiles {
		path := strings.Replace(tile.Path(), "tile/8/", "tile/", 1)
		bytes, err := os.ReadFile(filepath.Join(t.folder, filepath.FromSlash(path)))
		if err != nil {
			return nil, err
		}
		if t.spoil {
			bytes[len(bytes)-1] ^= 1
		}
		data[i] = bytes
	}
	return data, nil
}

func verifyTiles(ours string, head tlog.Tree) {
	folder := filepath.Join(ours, "log")
	reader := tlog.TileHashReader(head, tileFiles{folder: folder})
	root, err := tlog.TreeHash(head.N, reader)
	if err == nil && root != head.Hash {
		err = errors.New("another root")
	}
	check("x/mod tlog computes our root from our tiles", err)
	for _, index := range []int64{0, 255, 256, 65535, 65536, head.N - 1} {
		_, err = tlog.ProveRecord(head.N, index, reader)
		check(fmt.Sprintf("x/mod tlog proves entry %d from our tiles", index), err)
	}
	_, err = tlog.ProveRecord(head.N, 300, tlog.TileHashReader(head, tileFiles{folder, true}))
	refuses("x/mod tlog refuses a spoiled tile", err)
}

func verifyInclusions(ours string) {
	var cases []inclusion
	readJSON(ours, "inclusion.json", &cases)
	var fromMod, fromMerkle error
	for _, c := range cases {
		leaf := tlog.RecordHash(c.Entry)
		at := func(err error) error { return fmt.Errorf("entry %d of %d: %w", c.Index, c.Size, err) }
		if err := tlog.CheckRecord(hashes(c.Path), c.Size, hash(c.Root), c.Index, leaf); err != nil {
			fromMod = at(err)
		}
		err := proof.VerifyInclusion(rfc6962.DefaultHasher, uint64(c.Index), uint64(c.Size), leaf[:], c.Path, c.Root)
		if err != nil {
			fromMerkle = at(err)
		}
	}
	check(fmt.Sprintf("x/mod tlog verifies our %d inclusion proofs", len(cases)), fromMod)
	check(fmt.Sprintf("merkle verifies our %d inclusion proofs", len(cases)), fromMerkle)
	last := cases[len(cases)-1]
	leaf := tlog.RecordHash([]byte("another entry"))
	refuses("x/mod tlog refuses another entry",
		tlog.CheckRecord(hashes(last.Path), last.Size, hash(last.Root), last.Index, leaf))
}

func verifyConsistencies(ours string) {
	var cases []consistency
	readJSON(ours, "consistency.json", &cases)
	var fromMod, fromMerkle error
	for _, c := range cases {
		at := func(err error) error { return fmt.Errorf("%d to %d: %w", c.From.Size, c.To.Size, err) }
		err := tlog.CheckTree(tlog.TreeProof(hashes(c.Path)), c.To.Size, hash(c.To.Root), c.From.Size, hash(c.From.Root))
		if err != nil {
			fromMod = at(err)
		}
		err = proof.VerifyConsistency(rfc6962.DefaultHasher, uint64(c.From.Size), uint64(c.To.Size), c.Path, c.From.Root, c.To.Root)
		if err != nil {
			fromMerkle = at(err)
		}
	}
	check(fmt.Sprintf("x/mod tlog verifies our %d consistency proofs", len(cases)), fromMod)
	check(fmt.Sprintf("merkle verifies our %d consistency proofs", len(cases)), fromMerkle)
	last := cases[len(cases)-1]
	forged := append([]byte{}, last.From.Root...)
	forged[0] ^= 1
	refuses("merkle refuses another old root",
		proof.VerifyConsistency(rfc6962.DefaultHasher, uint64(last.From.Size), uint64(last.To.Size), last.Path, forged, last.To.Root))
}

func openPouch(ours string) {
	identity, err := age.ParseHybridIdentity(strings.TrimSpace(string(read(ours, "identity.txt"))))
	check("age reads our hybrid identity", err)
	sealed := read(ours, "pouch.age")
	plain, err := open(sealed, identity)
	if err == nil && !bytes.Equal(plain, read(ours, "pouch.plain")) {
		err = errors.New("other bytes")
	}
	check("age opens our pouch", err)
	stranger, err := age.GenerateHybridIdentity()
	must(err)
	_, err = open(sealed, stranger)
	refuses("age refuses our pouch to a stranger", err)
	_, err = open(sealed[:len(sealed)-1], identity)
	refuses("age refuses our pouch when it is cut", err)
}

func open(sealed []byte, identity age.Identity) ([]byte, error) {
	reader, err := age.Decrypt(bytes.NewReader(sealed), identity)
	if err != nil {
		return nil, err
	}
	return io.ReadAll(reader)
}

func hash(b []byte) (h tlog.Hash) {
	copy(h[:], b)
	return h
}

func hashes(path [][]byte) []tlog.Hash {
	list := make([]tlog.Hash, len(path))
	for i, b := range path {
		list[i] = hash(b)
	}
	return list
}
