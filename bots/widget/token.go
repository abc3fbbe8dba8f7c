package widget

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"net/http"
	"strings"
	"time"
)

const (
	// tokenLife is how long a visitor may stay away and still find the
	// conversation. Every page view that opens the chat starts it anew.
	tokenLife = 30 * 24 * time.Hour

	tokenVersion   = 1
	tokenSigned    = 1 + len(uuid{}) + 8 // version, conversation, expiry in Unix seconds
	tokenBytes     = tokenSigned + sha256.Size
	tokenSeparator = "frontdesk widget token\x00" // so that no other use of the key signs a token
)

// tokenEncoding refuses the spellings of a token that differ in unused bits.
var tokenEncoding = base64.RawURLEncoding.Strict()

// tokens issues and reads the tokens that stand for one conversation each.
type tokens struct {
	key []byte
	now func() time.Time
}

// issue returns a token for the conversation.
func (t tokens) issue(conversation string) (string, error) {
	id, ok := parseUUID(conversation)
	if !ok {
		return "", fmt.Errorf("issue token for conversation %q: not a UUID", conversation)
	}
	b := make([]byte, 0, tokenBytes)
	b = append(b, tokenVersion)
	b = append(b, id[:]...)
	b = binary.BigEndian.AppendUint64(b, uint64(t.now().Add(tokenLife).Unix()))
	return tokenEncoding.EncodeToString(t.sign(b)), nil
}

// read returns the conversation of a token that this server issued and that has
// not expired, else errToken.
func (t tokens) read(token string) (uuid, error) {
	if len(token) != tokenEncoding.EncodedLen(tokenBytes) || strings.ContainsAny(token, "\r\n") {
		return uuid{}, errToken
	}
	b, err := tokenEncoding.DecodeString(token)
	if err != nil || len(b) != tokenBytes {
		return uuid{}, errToken
	}
	if !hmac.Equal(b, t.sign(b[:tokenSigned:tokenSigned])) || b[0] != tokenVersion {
		return uuid{}, errToken
	}
	if uint64(t.now().Unix()) >= binary.BigEndian.Uint64(b[tokenSigned-8:]) {
		return uuid{}, errToken
	}
	return uuid(b[1:17]), nil
}

// sign appends the signature of b to it.
func (t tokens) sign(b []byte) []byte {
	m := hmac.New(sha256.New, t.key)
	m.Write([]byte(tokenSeparator))
	m.Write(b)
	return m.Sum(b)
}

// bearer returns the token of a request's Authorization header.
func bearer(r *http.Request) (token string, ok bool) {
	scheme, token, ok := strings.Cut(r.Header.Get("Authorization"), " ")
	if !ok || !strings.EqualFold(scheme, "Bearer") {
		return "", false
	}
	return strings.TrimSpace(token), true
}

// visitor returns the conversation a request's token stands for, else errToken.
func (h *Handler) visitor(r *http.Request) (uuid, error) {
	token, ok := bearer(r)
	if !ok {
		return uuid{}, errToken
	}
	return h.tokens.read(token)
}
