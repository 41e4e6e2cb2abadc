package main

// Proof files are JSON; byte slices are standard base64, as encoding/json writes them.

type tree struct {
	Size int64  `json:"size"`
	Root []byte `json:"root"`
}

type inclusion struct {
	Index int64    `json:"index"`
	Size  int64    `json:"size"`
	Entry []byte   `json:"entry"`
	Path  [][]byte `json:"path"`
	Root  []byte   `json:"root"`
}

type consistency struct {
	From tree     `json:"from"`
	To   tree     `json:"to"`
	Path [][]byte `json:"path"`
}
