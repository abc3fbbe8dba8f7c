package staff

import (
	"context"
	"errors"
	"time"
)

var (
	// ErrTOTPRequired is returned when the password is right and the second factor
	// is still wanted.
	ErrTOTPRequired = errors.New("staff: a code of the second factor is needed")
	// ErrTOTPWrong is returned for a code that is wrong, too old, or was used before.
	ErrTOTPWrong = errors.New("staff: the code of the second factor is wrong or was used")
	// ErrTOTPOn is returned when there is a second factor already.
	ErrTOTPOn = errors.New("staff: the account has a second factor")
	// ErrTOTPOff is returned when there is none, or none was begun.
	ErrTOTPOff = errors.New("staff: the account has no second factor")
)

// SecondFactors keeps second factors. A secret is sealed before it comes here.
type SecondFactors interface {
	// SealingKey returns the installation's key for what is sealed, of 32 bytes.
	SealingKey(ctx context.Context) ([]byte, error)
	// TOTP returns the sealed secret and whether it is in use, or ErrNotFound when
	// there is none.
	TOTP(ctx context.Context, account string) (sealed []byte, on bool, err error)
	// BeginTOTP keeps a secret that is not in use yet, in place of another one that
	// is not. ErrTOTPOn.
	BeginTOTP(ctx context.Context, account string, sealed []byte) error
	// ConfirmTOTP puts the secret in use, with that step used, and keeps the hashes of
	// the recovery codes in place of any others. ErrTOTPOff when another secret was
	// begun since it was read.
	ConfirmTOTP(ctx context.Context, account string, sealed []byte, step int64, recovery []Hash) error
	// UseTOTPStep takes a step for used, or returns ErrTOTPWrong when it or a later one
	// was used before. Of two calls at the same moment one wins.
	UseTOTPStep(ctx context.Context, account string, step int64) error
	// UseRecoveryCode uses a code up, or returns ErrTOTPWrong.
	UseRecoveryCode(ctx context.Context, account string, h Hash, now time.Time) error
	// ClearTOTP removes the secret and the recovery codes. ErrTOTPOff.
	ClearTOTP(ctx context.Context, account string) error
}

// Enrolment is what an authenticator app needs, shown once.
type Enrolment struct {
	Secret string // base32, for typing
	URI    string // for a QR code
}

func (s *Service) sealer(ctx context.Context) (*Sealer, error) {
	return s.sealing.get(ctx, s.store.SealingKey)
}

// Sealer returns the installation's Sealer.
func (s *Service) Sealer(ctx context.Context) (*Sealer, error) { return s.sealer(ctx) }

// secondFactor checks the code. ErrTOTPRequired, ErrTOTPWrong, or *SlowDownError:
// six digits can be guessed from many addresses at once, so they are counted for the
// account as a whole. Only who knows the password gets so far, and a recovery code
// gets the account's owner past whoever else does.
func (s *Service) secondFactor(ctx context.Context, a Account, typed string, now time.Time) error {
	if typed == "" {
		return ErrTOTPRequired
	}
	code, kind := parseCode(typed)
	switch kind {
	case codeRecovery:
		return s.store.UseRecoveryCode(ctx, a.ID, recoveryHash(a.ID, code), now)
	case codeTOTP:
		return s.useCode(ctx, a.ID, code, now)
	}
	return ErrTOTPWrong
}

// useCode accepts a code of the account's second factor, once.
func (s *Service) useCode(ctx context.Context, account, code string, now time.Time) error {
	if wait := s.throttle.codes.take(account, now); wait > 0 {
		return &SlowDownError{After: wait}
	}
	secret, _, on, err := s.secret(ctx, account)
	if errors.Is(err, ErrTOTPOff) { // removed since the account was read
		return ErrTOTPWrong
	}
	if err != nil {
		return err
	}
	step, ok := totpMatch(secret, code, now)
	if !ok || !on {
		return ErrTOTPWrong
	}
	if err := s.store.UseTOTPStep(ctx, account, step); err != nil {
		return err
	}
	s.throttle.codes.forget(account)
	return nil
}

func (s *Service) secret(ctx context.Context, account string) (secret, sealed []byte, on bool, err error) {
	sealed, on, err = s.store.TOTP(ctx, account)
	if errors.Is(err, ErrNotFound) {
		return nil, nil, false, ErrTOTPOff
	}
	if err != nil {
		return nil, nil, false, err
	}
	box, err := s.sealer(ctx)
	if err != nil {
		return nil, nil, false, err
	}
	secret, err = box.Open(sealed, totpPlace+account)
	return secret, sealed, on, err
}

// totpPlace binds a sealed secret to its account.
const totpPlace = "totp:"

// BeginTOTP makes a secret for the account, which is not asked for until it was
// confirmed. ErrTOTPOn when there is one in use.
func (s *Service) BeginTOTP(ctx context.Context, who Principal) (Enrolment, error) {
	box, err := s.sealer(ctx)
	if err != nil {
		return Enrolment{}, err
	}
	secret := newTOTPSecret()
	if err := s.store.BeginTOTP(ctx, who.ID, box.Seal(secret, totpPlace+who.ID)); err != nil {
		return Enrolment{}, err
	}
	return Enrolment{Secret: base32NoPadding.EncodeToString(secret), URI: totpURI(secret, who.Email)}, nil
}

// ConfirmTOTP puts the second factor in use once its owner shows a code of it, and
// returns the recovery codes, of which only hashes are kept. ErrTOTPWrong,
// ErrTOTPOff when none was begun, ErrTOTPOn when one is in use, *SlowDownError.
func (s *Service) ConfirmTOTP(ctx context.Context, account, typed string) ([]string, error) {
	now := s.now()
	if wait := s.throttle.codes.take(account, now); wait > 0 {
		return nil, &SlowDownError{After: wait}
	}
	secret, sealed, on, err := s.secret(ctx, account)
	if err != nil {
		return nil, err
	}
	if on {
		return nil, ErrTOTPOn
	}
	code, kind := parseCode(typed)
	step, ok := totpMatch(secret, code, now)
	if kind != codeTOTP || !ok {
		return nil, ErrTOTPWrong
	}
	codes, hashes := newRecoveryCodes(account)
	if err := s.store.ConfirmTOTP(ctx, account, sealed, step, hashes); err != nil {
		return nil, err
	}
	s.throttle.codes.forget(account)
	return codes, nil
}

// RemoveTOTP takes the second factor away from an account whose owner knows its
// password, or, where it has none, a code. ErrWrongPassword, ErrTOTPWrong,
// ErrTOTPOff, *SlowDownError.
func (s *Service) RemoveTOTP(ctx context.Context, who Principal, password, code string, from Device) error {
	a, hash, err := s.proven(ctx, who, from)
	if err != nil {
		return err
	}
	if hash == "" && a.TOTP {
		err = s.secondFactor(ctx, a, code, s.now())
	} else {
		err = s.prove(ctx, a, hash, password, from)
	}
	if err != nil {
		return err
	}
	return s.store.ClearTOTP(ctx, a.ID)
}

// ResetTOTP takes it away by the word of whoever runs the server, and returns the
// account. ErrNotFound, ErrTOTPOff.
func (s *Service) ResetTOTP(ctx context.Context, email string) (Account, error) {
	a, err := s.find(ctx, email)
	if err != nil {
		return Account{}, err
	}
	return a, s.store.ClearTOTP(ctx, a.ID)
}
