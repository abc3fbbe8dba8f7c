package staff

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"errors"
	"fmt"
	"sync"
)

// sealVersion begins everything sealed, so that another way can follow.
const sealVersion = 1

var errSealed = errors.New("staff: what was sealed cannot be opened")

// Sealer encrypts small things so that only this installation reads them, and
// notices when they were changed or put elsewhere. It is safe for concurrent use.
type Sealer struct{ aead cipher.AEAD }

// NewSealer returns a Sealer over a key of 32 bytes.
func NewSealer(key []byte) (*Sealer, error) {
	if len(key) != 32 {
		return nil, fmt.Errorf("staff: a sealing key has 32 bytes, not %d", len(key))
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, fmt.Errorf("sealing key: %w", err)
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		return nil, fmt.Errorf("sealing key: %w", err)
	}
	return &Sealer{aead}, nil
}

// Seal encrypts plain for one place, such as a row's id.
func (s *Sealer) Seal(plain []byte, place string) []byte {
	out := make([]byte, 1+s.aead.NonceSize(), 1+s.aead.NonceSize()+len(plain)+s.aead.Overhead())
	out[0] = sealVersion
	rand.Read(out[1:])
	return s.aead.Seal(out, out[1:], plain, []byte(place))
}

// Open returns what was sealed for the place.
func (s *Sealer) Open(sealed []byte, place string) ([]byte, error) {
	n := s.aead.NonceSize()
	if len(sealed) < 1+n || sealed[0] != sealVersion {
		return nil, errSealed
	}
	plain, err := s.aead.Open(nil, sealed[1:1+n], sealed[1+n:], []byte(place))
	if err != nil {
		return nil, errSealed
	}
	return plain, nil
}

// sealing is the installation's Sealer, made when it is first needed.
type sealing struct {
	mu sync.Mutex // guards s
	s  *Sealer
}

func (l *sealing) get(ctx context.Context, key func(context.Context) ([]byte, error)) (*Sealer, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.s != nil {
		return l.s, nil
	}
	k, err := key(ctx)
	if err != nil {
		return nil, err
	}
	s, err := NewSealer(k)
	if err != nil {
		return nil, err
	}
	l.s = s
	return s, nil
}
