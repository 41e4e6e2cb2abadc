package main

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"fmt"
	"strings"

	"filippo.io/age"
	"filippo.io/torchwood"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

const theirOrigin = "log.lakeside.example"

var sizes = []int64{1, 2, 3, 4, 5, 7, 8, 100, 255, 256, 257, 300}

// makeTheirs grows a log with x/mod tlog, signs its checkpoints with x/mod note, cosigns them with
// torchwood, proves entries and growth, and seals a file with age.
func makeTheirs(theirs, ours string) {
	secret, public, err := note.GenerateKey(rand.Reader, theirOrigin)
	must(err)
	signer, err := note.NewSigner(secret)
	must(err)
	write(theirs, "log.vkey", []byte(public+"\n"))
	_, witnessKey, err := ed25519.GenerateKey(rand.Reader)
	must(err)
	witness, err := torchwood.NewCosignatureSigner("witness.lakeside.example", witnessKey)
	must(err)
	write(theirs, "witness.vkey", []byte(witness.Verifier().String()+"\n"))

	log := &grown{}
	roots := map[int64]tlog.Hash{}
	var inclusions []inclusion
	var consistencies []consistency
	for _, size := range sizes {
		log.growTo(size)
		root, err := tlog.TreeHash(size, log)
		must(err)
		roots[size] = root
		checkpoint := torchwood.Checkpoint{
			Origin: theirOrigin,
			Tree:   tlog.Tree{N: size, Hash: root},
		}.String()
		signed, err := note.Sign(&note.Note{Text: checkpoint}, signer, witness)
		must(err)
		write(theirs, fmt.Sprintf("checkpoint.%d", size), signed)
		for _, index := range []int64{0, size / 2, size - 1} {
			path, err := tlog.ProveRecord(size, index, log)
			must(err)
			inclusions = append(inclusions, inclusion{index, size, entry(index), slices(path), root[:]})
		}
		for _, from := range sizes {
			if from > size {
				break
			}
			path, err := tlog.ProveTree(size, from, log)
			must(err)
			old := roots[from]
			consistencies = append(consistencies,
				consistency{tree{from, old[:]}, tree{size, root[:]}, slices(path)})
		}
	}
	writeJSON(theirs, "sizes.json", sizes)
	writeJSON(theirs, "inclusion.json", inclusions)
	writeJSON(theirs, "consistency.json", consistencies)
	seal(theirs, ours)
}

func entry(index int64) []byte { return fmt.Appendf(nil, "entry %d of another log", index) }

// grown is a log in memory, in the storage order of x/mod tlog.
type grown struct {
	stored []tlog.Hash
	size   int64
}

func (g *grown) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	list := make([]tlog.Hash, len(indexes))
	for i, index := range indexes {
		list[i] = g.stored[index]
	}
	return list, nil
}

func (g *grown) growTo(size int64) {
	for ; g.size < size; g.size++ {
		more, err := tlog.StoredHashes(g.size, entry(g.size), g)
		must(err)
		g.stored = append(g.stored, more...)
	}
}

// seal seals for the recipient whose identity we hold, over a chunk boundary of age.
func seal(theirs, ours string) {
	recipient, err := age.ParseHybridRecipient(strings.TrimSpace(string(read(ours, "recipient.txt"))))
	check("age reads our hybrid recipient", err)
	plain := bytes.Repeat([]byte("sealed by another program\n"), 5000)
	var sealed bytes.Buffer
	writer, err := age.Encrypt(&sealed, recipient)
	must(err)
	_, err = writer.Write(plain)
	must(err)
	must(writer.Close())
	write(theirs, "sealed.age", sealed.Bytes())
	write(theirs, "sealed.plain", plain)
}

func slices(path []tlog.Hash) [][]byte {
	list := make([][]byte, len(path))
	for i := range path {
		list[i] = path[i][:]
	}
	return list
}
