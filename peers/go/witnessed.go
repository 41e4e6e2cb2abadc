package main

import (
	"bytes"
	"context"
	"fmt"
	"net/url"
	"path/filepath"
	"strings"
	"time"

	"filippo.io/torchwood"
	"github.com/transparency-dev/tessera"
	"github.com/transparency-dev/tessera/storage/posix"
	"golang.org/x/mod/sumdb/note"
)

// growWitnessed runs a tessera log whose checkpoints need the cosignature of the witness at root:
// tessera publishes nothing that the witness has not cosigned. The log grows three times, so that
// the witness is shown two consistency proofs.
func growWitnessed(root, witnessVkey, logSecret, folder string) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	address, err := url.Parse(root)
	must(err)
	witness, err := tessera.NewWitness(witnessVkey, address)
	check("tessera reads our witness's vkey", err)
	signer, err := note.NewSigner(logSecret)
	must(err)
	driver, err := posix.New(ctx, posix.Config{Path: filepath.Join(folder, "tessera")})
	must(err)
	options := tessera.NewAppendOptions().
		WithCheckpointSigner(signer).
		WithCheckpointInterval(200*time.Millisecond).
		WithBatching(16, 50*time.Millisecond).
		WithWitnesses(tessera.NewWitnessGroup(1, witness), nil)
	appender, shutdown, reader, err := tessera.NewAppender(ctx, driver, options)
	must(err)
	awaiter := tessera.NewPublicationAwaiter(ctx, reader.ReadCheckpoint, 50*time.Millisecond)
	cosigner, err := torchwood.NewCosignatureVerifier(witnessVkey)
	must(err)
	for round := range 3 {
		entry := fmt.Appendf(nil, "round %d", round)
		_, checkpoint, err := awaiter.Await(ctx, appender.Add(ctx, tessera.NewEntry(entry)))
		if err == nil {
			_, err = note.Open(checkpoint, note.VerifierList(cosigner))
		}
		size := strings.SplitN(string(bytes.TrimSpace(checkpoint)), "\n", 3)
		check(fmt.Sprintf("our witness cosigns a tessera log, round %d (size %s)", round, size[min(1, len(size)-1)]), err)
	}
	must(shutdown(ctx))
}
