package knowledgedb

import (
	"encoding/base64"
	"testing"
)

func FuzzEntryCursor(f *testing.F) {
	f.Add("")
	f.Add("nonsense")
	f.Add(base64.RawURLEncoding.EncodeToString([]byte("019a0000-0000-7000-8000-000000000000 7")))
	f.Add(base64.RawURLEncoding.EncodeToString([]byte("019a0000-0000-7000-8000-000000000000 99999999999")))
	f.Fuzz(func(t *testing.T, cursor string) {
		document, ordinal := readEntryCursor(cursor)
		if document == "" && ordinal != 0 || document != "" && len(document) != 36 {
			t.Errorf("readEntryCursor(%q) = %q, %d; want none or one of 36 characters", cursor, document, ordinal)
		}
	})
}
