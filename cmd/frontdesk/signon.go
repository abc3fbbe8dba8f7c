package main

import (
	"context"
	"fmt"
	"net"
	"net/url"

	"frontdesk/conversation/console"
	"frontdesk/conversation/staff"
	"frontdesk/conversation/staff/sso"
)

// minAuditDays is the least that the log of changes is kept.
const minAuditDays = int(staff.AuditRetention / (24 * 60 * 60 * 1e9))

// callbackPath is where an issuer sends browsers back.
const callbackPath = "/api/v1/login/oidc/callback"

// checkPeople returns what is wrong with the settings about people.
func (c *Config) checkPeople() []error {
	var bad []error
	fail := func(format string, args ...any) { bad = append(bad, fmt.Errorf(format, args...)) }
	if c.AuditDays != 0 && c.AuditDays < minAuditDays {
		fail("AUDIT_DAYS is %d, not a number from %d on, or 0", c.AuditDays, minAuditDays)
	}
	if c.OIDCDefaultRole != "" && !c.OIDCDefaultRole.Valid() {
		fail("OIDC_DEFAULT_ROLE is %q, not viewer, agent or admin", c.OIDCDefaultRole)
	}
	if c.OIDCIssuer == "" {
		if c.OIDCClientID != "" || c.OIDCClientSecret.Set() {
			fail("OIDC_ISSUER is not set, though the client is")
		}
		return bad
	}
	if u, err := url.Parse(c.OIDCIssuer); err != nil || u.Host == "" || u.RawQuery != "" || u.Fragment != "" || u.User != nil ||
		u.Scheme != "https" && !(u.Scheme == "http" && loopback(u.Hostname())) {
		fail("OIDC_ISSUER is not an https address")
	}
	if c.OIDCClientID == "" || !c.OIDCClientSecret.Set() {
		fail("OIDC_ISSUER needs OIDC_CLIENT_ID and OIDC_CLIENT_SECRET")
	}
	if c.PublicURL == "" {
		fail("OIDC_ISSUER needs PUBLIC_URL, since the issuer sends browsers back to it")
	}
	return bad
}

// loopback reports whether a host is this machine, where nobody listens in between.
func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// newSignOn returns where else people sign in, or nil. Nothing is asked of it yet,
// so an issuer that is away keeps no server from starting.
func newSignOn(cfg *Config) console.SignOn {
	if cfg.OIDCIssuer == "" {
		return nil
	}
	return provider(cfg)
}

func provider(cfg *Config) *sso.Provider {
	return sso.New(sso.Config{
		Issuer: cfg.OIDCIssuer, ClientID: cfg.OIDCClientID, ClientSecret: cfg.OIDCClientSecret.Reveal(),
		RedirectURL: cfg.PublicURL + callbackPath, Name: cfg.OIDCName,
	})
}

// examineSignOn asks the issuer whether it is there, for doctor.
func examineSignOn(ctx context.Context, cfg *Config) []finding {
	if cfg.OIDCIssuer == "" {
		return nil
	}
	if err := provider(cfg).Check(ctx); err != nil {
		return []finding{{"single sign-on", verdictWarning, err.Error(), "People can still sign in with a password. OIDC_ISSUER must be exactly what the issuer calls itself, with or without a slash at the end."}}
	}
	return []finding{{"single sign-on", verdictOK, cfg.OIDCName + ", which sends browsers back to " + cfg.PublicURL + callbackPath, ""}}
}
