package main

import (
	"crypto/ed25519"
	"encoding/hex"
	"fmt"
	"net"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/agent"
)

// serveAgent holds one key for litewitness, which takes its key from an ssh-agent and nowhere else.
// It runs until it is ended; the first line that it prints is the key's fingerprint.
func serveAgent(socket, seedHex string) {
	seed, err := hex.DecodeString(seedHex)
	must(err)
	key := ed25519.NewKeyFromSeed(seed)
	keyring := agent.NewKeyring()
	must(keyring.Add(agent.AddedKey{PrivateKey: key}))
	public, err := ssh.NewPublicKey(key.Public())
	must(err)
	listener, err := net.Listen("unix", socket)
	must(err)
	fmt.Println(ssh.FingerprintSHA256(public))
	for {
		connection, err := listener.Accept()
		must(err)
		go func() {
			defer connection.Close()
			_ = agent.ServeAgent(keyring, connection)
		}()
	}
}
