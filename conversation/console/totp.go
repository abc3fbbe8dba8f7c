package console

import (
	"net/http"

	"frontdesk/conversation/staff"
)

// enrolmentView is what an authenticator app needs.
type enrolmentView struct {
	Secret string `json:"secret"` // base32, for typing
	URI    string `json:"uri"`    // otpauth://, for a QR code
}

func (c *Console) beginTOTP(w http.ResponseWriter, r *http.Request, who staff.Principal) error {
	if who.Token {
		return errNoAccount
	}
	e, err := c.staff.BeginTOTP(r.Context(), who)
	if err != nil {
		return err
	}
	audited(r).about(who.ID)
	return writeJSON(w, http.StatusOK, enrolmentView{e.Secret, e.URI})
}

type codeRequest struct {
	Code string `json:"code"`
}

type recoveryView struct {
	Codes []string `json:"recovery_codes"` // each stands in for a code once
}

func (c *Console) confirmTOTP(w http.ResponseWriter, r *http.Request, who staff.Principal) error {
	if who.Token {
		return errNoAccount
	}
	var req codeRequest
	if err := readJSON(w, r, &req); err != nil {
		return err
	}
	codes, err := c.staff.ConfirmTOTP(r.Context(), who.ID, req.Code)
	if err != nil {
		return err
	}
	audited(r).about(who.ID)
	return writeJSON(w, http.StatusOK, recoveryView{codes})
}

type removeTOTPRequest struct {
	Password string `json:"password"`
	Code     string `json:"code,omitempty"` // of an account without password
}

func (c *Console) removeTOTP(w http.ResponseWriter, r *http.Request, who staff.Principal) error {
	if who.Token {
		return errNoAccount
	}
	var req removeTOTPRequest
	if err := readJSON(w, r, &req); err != nil {
		return err
	}
	if err := c.staff.RemoveTOTP(r.Context(), who, req.Password, req.Code, c.device(r)); err != nil {
		return err
	}
	audited(r).about(who.ID)
	w.WriteHeader(http.StatusNoContent)
	return nil
}
