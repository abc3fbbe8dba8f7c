// Package sample is the knowledge of Fernhill Outdoor, a shop that does not
// exist: what a new server can answer before anybody has given it documents.
package sample

import (
	"embed"
	"fmt"

	"frontdesk/knowledge"
)

//go:embed faq.jsonl shipping.md care.md
var files embed.FS

// documents are the files with what sources call them; a guide's own title
// takes the place of its file's name.
var documents = []struct{ file, name, mediaType string }{
	{"faq.jsonl", "Help centre", "application/jsonl"},
	{"shipping.md", "shipping.md", "text/markdown"},
	{"care.md", "care.md", "text/markdown"},
}

// Documents returns the sample's documents: an FAQ in English with parts in
// Chinese and Spanish, and two guides. The caller may change what it gets.
func Documents() []knowledge.Upload {
	out := make([]knowledge.Upload, len(documents))
	for i, d := range documents {
		data, err := files.ReadFile(d.file)
		if err != nil { // embedded above
			panic(fmt.Sprintf("sample: %v", err))
		}
		out[i] = knowledge.Upload{Name: d.name, MediaType: d.mediaType, Data: data}
	}
	return out
}
