package conversation

import (
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"strconv"
	"strings"
	"time"
)

const (
	// webhookSecretBytes is within the 24 to 64 bytes of Standard Webhooks ("Signature
	// scheme", standardwebhooks.com).
	webhookSecretBytes = 32
	// webhookSecretPrefix is how such a secret begins when it is shown.
	webhookSecretPrefix = "whsec_"
	// rotationGrace is how long the secret before the newest is signed with too.
	rotationGrace = 24 * time.Hour
)

// webhookSecret is what a webhook knows us by.
type webhookSecret []byte

// String is the secret as Standard Webhooks' libraries take it.
func (s webhookSecret) String() string {
	return webhookSecretPrefix + base64.StdEncoding.EncodeToString(s)
}

// secret is derived, so that no row holds it: whoever reads the table without the
// installation's key can sign nothing.
func (h *Webhooks) secret(id string, rotation int) webhookSecret {
	key, err := hkdf.Key(sha256.New, h.cfg.Key, nil, "frontdesk webhook "+id+" "+strconv.Itoa(rotation), webhookSecretBytes)
	if err != nil {
		panic(err) // only for more bytes than the hash can give
	}
	return key
}

// sign returns the value of webhook-signature: one for each secret that counts.
func (h *Webhooks) sign(c WebhookCall, at time.Time, body []byte) string {
	signatures := []string{h.secret(c.Webhook, c.Rotation).sign(c.EventID, at, body)}
	if c.Rotation > 1 && at.Sub(c.RotatedAt) < rotationGrace {
		signatures = append(signatures, h.secret(c.Webhook, c.Rotation-1).sign(c.EventID, at, body))
	}
	return strings.Join(signatures, " ")
}

func (s webhookSecret) sign(id string, at time.Time, body []byte) string {
	mac := hmac.New(sha256.New, s)
	fmt.Fprintf(mac, "%s.%d.", id, at.Unix())
	mac.Write(body)
	return "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil))
}
