package main

import (
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"net/url"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"frontdesk/conversation/openai"
	"frontdesk/conversation/staff"
	"frontdesk/knowledge/crawl"

	"github.com/caarlos0/env/v11"
	"github.com/joho/godotenv"
)

// Config is every setting. Each comes from the environment under the name in
// its tag, from a .env file in the working directory when the environment does
// not have it, and, unless it is a secret, from a flag named after it, which
// goes before both. A secret has no flag, since every process on the machine
// can read another's command line.
type Config struct {
	DatabaseURL Secret `env:"DATABASE_URL" about:"Postgres to use; unset: a private one under DATA_DIR"`
	DataDir     string `env:"DATA_DIR" envDefault:"data" about:"directory of the private Postgres and of caches"`
	ListenAddr  string `env:"LISTEN_ADDR" envDefault:":8080" about:"address to serve on"`
	PublicURL   string `env:"PUBLIC_URL" about:"where browsers reach the server, e.g. https://help.example.com"`

	OpenAIKey        Secret        `env:"OPENAI_API_KEY" about:"key of the model's server; without it answers are quoted from the documents"`
	OpenAIBaseURL    string        `env:"OPENAI_BASE_URL" about:"another OpenAI-compatible server"`
	OpenAIModel      []string      `env:"OPENAI_MODEL" envDefault:"gpt-4o-mini" about:"model, or a list tried in order when one is gone"`
	OpenAITimeout    time.Duration `env:"OPENAI_TIMEOUT" envDefault:"40s" about:"how long an answer of the model may take in all; then the documents answer"`
	EmbeddingModel   string        `env:"OPENAI_EMBEDDING_MODEL" about:"model that finds by meaning; text-embedding-3-small at OpenAI itself, none elsewhere; none switches it off"`
	EmbeddingSize    int           `env:"OPENAI_EMBEDDING_DIMENSIONS" about:"its dimensions; 0: the model's own"`
	Batch            string        `env:"OPENAI_BATCH" envDefault:"auto" about:"whether very many passages are embedded by the server's batches, within a day at half the price: auto (at OpenAI and Azure), on or off"`
	RerankModel      string        `env:"RERANK_MODEL" about:"model that judges the first passages found; unset: none"`
	RerankBaseURL    string        `env:"RERANK_BASE_URL" about:"its server, of which POST /rerank is asked; unset: OPENAI_BASE_URL"`
	RerankKey        Secret        `env:"RERANK_API_KEY" about:"its key; unset: OPENAI_API_KEY where the server is the same"`
	TranscribeModel  string        `env:"OPENAI_TRANSCRIBE_MODEL" envDefault:"gpt-4o-mini-transcribe" about:"model that turns speech into text, e.g. whisper-1; none switches it off"`
	ImageDetail      string        `env:"OPENAI_IMAGE_DETAIL" envDefault:"low" about:"how closely the model looks at pictures: low, or high for more tokens"`
	SlackBotToken    Secret        `env:"SLACK_BOT_TOKEN" about:"Slack bot token"`
	SlackSecret      Secret        `env:"SLACK_SIGNING_SECRET" about:"Slack signing secret"`
	SlackAppToken    Secret        `env:"SLACK_APP_TOKEN" about:"Slack app token, for Socket Mode"`
	SlackAPIURL      string        `env:"SLACK_API_URL" about:"another address for Slack's API"`
	SlackStaff       string        `env:"SLACK_STAFF_CHANNEL" about:"id of the Slack channel where staff answer, e.g. C0123456789"`
	TelegramBotToken Secret        `env:"TELEGRAM_BOT_TOKEN" about:"Telegram bot token"`
	TelegramSecret   Secret        `env:"TELEGRAM_WEBHOOK_SECRET" about:"Telegram webhook secret"`
	TelegramAPIURL   string        `env:"TELEGRAM_API_URL" about:"another address for Telegram's API"`
	TelegramStaff    string        `env:"TELEGRAM_STAFF_CHAT" about:"number of the Telegram group where staff answer, e.g. -1001234567890"`

	DeskUndo int `env:"DESK_UNDO_SECONDS" envDefault:"5" about:"how long what staff write on Slack or Telegram can be taken back; 0: not at all"`

	AnswerHold time.Duration `env:"ANSWER_HOLD" envDefault:"100ms" about:"an answer is stored no sooner than this after its message, so that one text in several pieces gets one answer; 0: at once"`

	AdminEmail       string     `env:"ADMIN_EMAIL" envDefault:"admin@localhost" about:"e-mail address of the first admin"`
	AdminPassword    Secret     `env:"ADMIN_PASSWORD" about:"the first admin's password; unset: one is made and shown once"`
	OIDCIssuer       string     `env:"OIDC_ISSUER" about:"OpenID Connect issuer where staff may sign in, e.g. https://accounts.example.com"`
	OIDCClientID     string     `env:"OIDC_CLIENT_ID" about:"our id there"`
	OIDCClientSecret Secret     `env:"OIDC_CLIENT_SECRET" about:"our secret there"`
	OIDCName         string     `env:"OIDC_NAME" envDefault:"Single sign-on" about:"what people call the issuer"`
	OIDCDefaultRole  staff.Role `env:"OIDC_DEFAULT_ROLE" about:"role of whoever signs in there and has neither account nor invitation: viewer, agent or admin; unset: they are turned away"`
	AuditDays        int        `env:"AUDIT_DAYS" envDefault:"730" about:"days that the log of changes is kept, at least 30; 0: for ever"`

	TrustedProxies  []string `env:"TRUSTED_PROXIES" about:"networks whose X-Forwarded-For and -Proto are believed, e.g. 10.0.0.0/8"`
	WidgetRateLimit int      `env:"WIDGET_RATE_LIMIT" envDefault:"20" about:"messages a minute per visitor and, times ten, per address; 0: off"`

	Moderation      string `env:"MODERATION" envDefault:"off" about:"what judges customers' and the model's words: off, openai or list"`
	ModerationModel string `env:"MODERATION_MODEL" envDefault:"omni-moderation-latest" about:"the model for MODERATION=openai"`
	ModerationList  string `env:"MODERATION_BLOCKLIST" about:"the file for MODERATION=list: a phrase or a /regular expression/ a line"`
	ModerationFail  string `env:"MODERATION_FAIL" envDefault:"open" about:"what to do with words that could not be judged: open lets them pass, closed holds them back"`

	CrawlAllow []string `env:"CRAWL_ALLOW" about:"hosts and networks inside that pages may be taken from and webhooks may lead to, e.g. wiki.corp:8080,10.0.0.0/8"`

	CrawlPause time.Duration `env:"CRAWL_PAUSE" envDefault:"50ms" about:"least time between two requests to one site, where its robots.txt does not ask for more; 0 for a site of one's own"`

	LogFormat       string        `env:"LOG_FORMAT" envDefault:"text" about:"text or json"`
	LogLevel        string        `env:"LOG_LEVEL" envDefault:"info" about:"debug, info, warn or error"`
	ShutdownTimeout time.Duration `env:"SHUTDOWN_TIMEOUT" envDefault:"25s" about:"how long a stop may take to finish what is under way"`
	MetricsToken    Secret        `env:"METRICS_TOKEN" about:"Bearer token for /metrics; unset: only this machine may read it"`

	proxies []netip.Prefix
	crawl   crawl.Allow
	level   slog.Level

	telegramStaff int64
	given         map[string]bool // by variable name: those that were set, by whatever means

	serving bool // not a command that somebody waits for
}

// slackChannel is what the id of a Slack channel looks like; a person's, or that of a
// direct message, begins with another letter.
var slackChannel = regexp.MustCompile(`^[CG][A-Z0-9]{2,30}$`)

// maxDeskUndo is the longest wait, in seconds, before what staff write is sent: past
// it a customer would think that nobody is there.
const maxDeskUndo = 300

// maxCrawlPause bounds CRAWL_PAUSE: at one page in half a minute 1,000 pages take a working day.
const maxCrawlPause = 30 * time.Second

// loader collects the settings of one command from flags, environment and file.
type loader struct {
	flags map[string]string // by variable name, those given
}

// register adds a flag for every setting that is no secret.
func (l *loader) register(fs *flag.FlagSet) {
	l.flags = map[string]string{}
	for f := range reflect.TypeFor[Config]().Fields() {
		name := f.Tag.Get("env")
		if name == "" || f.Type == reflect.TypeFor[Secret]() {
			continue
		}
		fs.Func(flagName(name), f.Tag.Get("about"), func(v string) error {
			l.flags[name] = v
			return nil
		})
	}
}

func flagName(variable string) string {
	return strings.ToLower(strings.ReplaceAll(variable, "_", "-"))
}

// load reads and checks the settings. The error lists all that is wrong and
// never holds a secret's value.
func (l *loader) load(environ []string, envFile string) (Config, error) {
	all, err := godotenv.Read(envFile)
	if errors.Is(err, os.ErrNotExist) {
		all, err = map[string]string{}, nil
	}
	if err != nil {
		// The parser's own error quotes the line, which may hold a key.
		return Config{}, fmt.Errorf("the file %s cannot be read: each line is NAME=value", envFile)
	}
	for _, pair := range environ {
		if k, v, ok := strings.Cut(pair, "="); ok {
			all[k] = v
		}
	}
	for k, v := range l.flags {
		all[k] = v
	}
	var c Config
	c.given = map[string]bool{}
	for name, value := range all {
		c.given[name] = value != ""
	}
	var problems []error
	if err := env.ParseWithOptions(&c, env.Options{Environment: all}); err != nil {
		var many env.AggregateError
		if !errors.As(err, &many) {
			return Config{}, err
		}
		for _, e := range many.Errors {
			problems = append(problems, explainField(e, all))
		}
	}
	if err := errors.Join(append(problems, c.check()...)...); err != nil {
		return Config{}, err
	}
	return c, nil
}

// explainField says in our words which variable cannot be read.
func explainField(err error, all map[string]string) error {
	var parse env.ParseError
	if !errors.As(err, &parse) {
		return err
	}
	f, _ := reflect.TypeFor[Config]().FieldByName(parse.Name)
	name := f.Tag.Get("env")
	kind := "a number"
	if f.Type == reflect.TypeFor[time.Duration]() {
		kind = "a duration such as 30s"
	}
	return fmt.Errorf("%s is %s, not %s", name, strconv.Quote(all[name]), kind)
}

// check returns everything that is wrong with the settings, and fills in what
// follows from them.
func (c *Config) check() []error {
	var bad []error
	fail := func(format string, args ...any) { bad = append(bad, fmt.Errorf(format, args...)) }

	if c.DatabaseURL.Set() {
		if u, err := url.Parse(c.DatabaseURL.Reveal()); err != nil || (u.Scheme != "postgres" && u.Scheme != "postgresql") {
			fail("DATABASE_URL is not of the form postgres://user:password@host:port/database")
		}
	} else if strings.TrimSpace(c.DataDir) == "" {
		fail("DATA_DIR is empty and there is no DATABASE_URL")
	}
	if _, port, err := net.SplitHostPort(c.ListenAddr); err != nil || !isPort(port) {
		fail("LISTEN_ADDR is %q, not an address such as :8080 or 127.0.0.1:8080", c.ListenAddr)
	}
	if c.PublicURL != "" {
		c.PublicURL = strings.TrimSuffix(c.PublicURL, "/")
		if u, err := url.Parse(c.PublicURL); err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" ||
			u.Path != "" || u.RawQuery != "" || u.Fragment != "" || u.User != nil {
			fail("PUBLIC_URL is not of the form https://host[:port]")
		}
	}
	for _, v := range []struct{ name, value string }{
		{"OPENAI_BASE_URL", c.OpenAIBaseURL}, {"RERANK_BASE_URL", c.RerankBaseURL}, {"SLACK_API_URL", c.SlackAPIURL}, {"TELEGRAM_API_URL", c.TelegramAPIURL},
	} {
		if u, err := url.Parse(v.value); v.value != "" && (err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "") {
			fail("%s is not an http or https address", v.name)
		}
	}
	c.OpenAIModel = trimmed(c.OpenAIModel)
	if len(c.OpenAIModel) == 0 {
		fail("OPENAI_MODEL names no model")
	}
	if c.EmbeddingSize < 0 || c.EmbeddingSize > 4000 {
		fail("OPENAI_EMBEDDING_DIMENSIONS is %d, not a number from 0 to 4000 (pgvector's limit for an index)", c.EmbeddingSize)
	}
	if c.Batch != batchAuto && c.Batch != batchOn && c.Batch != batchOff {
		fail("OPENAI_BATCH is %q, not auto, on or off", c.Batch)
	}
	if c.RerankModel != "" && c.RerankBaseURL == "" && c.OpenAIBaseURL == "" {
		fail("RERANK_MODEL is set and no server for it: set RERANK_BASE_URL (OpenAI itself reranks nothing)")
	}
	if _, err := staff.NormalizeEmail(c.AdminEmail); err != nil {
		fail("ADMIN_EMAIL is not an e-mail address")
	}
	if n := len([]rune(c.AdminPassword.Reveal())); c.AdminPassword.Set() && n < staff.MinPasswordRunes {
		fail("ADMIN_PASSWORD is shorter than %d characters", staff.MinPasswordRunes)
	}
	if c.SlackStaff != "" && !slackChannel.MatchString(c.SlackStaff) {
		fail("SLACK_STAFF_CHANNEL is %q, not a channel's id such as C0123456789", c.SlackStaff)
	}
	if c.TelegramStaff != "" {
		n, err := strconv.ParseInt(c.TelegramStaff, 10, 64)
		if c.telegramStaff = n; err != nil || n >= 0 {
			fail("TELEGRAM_STAFF_CHAT is %q, not a group's number such as -1001234567890", c.TelegramStaff)
		}
	}
	if c.DeskUndo < 0 || c.DeskUndo > maxDeskUndo {
		fail("DESK_UNDO_SECONDS is %d, not a number from 0 to %d", c.DeskUndo, maxDeskUndo)
	}
	bad = append(bad, c.checkPeople()...)
	if c.WidgetRateLimit < 0 {
		fail("WIDGET_RATE_LIMIT is %d; it is a number of messages a minute, or 0 for no limit", c.WidgetRateLimit)
	}
	if c.ImageDetail != openai.DetailLow && c.ImageDetail != openai.DetailHigh {
		fail("OPENAI_IMAGE_DETAIL is %q, not low or high", c.ImageDetail)
	}
	bad = append(bad, c.checkModeration()...)
	if c.LogFormat != "text" && c.LogFormat != "json" {
		fail("LOG_FORMAT is %q, not text or json", c.LogFormat)
	}
	if err := c.level.UnmarshalText([]byte(c.LogLevel)); err != nil {
		fail("LOG_LEVEL is %q, not debug, info, warn or error", c.LogLevel)
	}
	if c.OpenAITimeout < time.Second {
		fail("OPENAI_TIMEOUT is %v; it must be a second or more", c.OpenAITimeout)
	}
	if c.AnswerHold < 0 || c.AnswerHold > maxAnswerHold {
		fail("ANSWER_HOLD is %v, not from 0 to %v", c.AnswerHold, maxAnswerHold)
	}
	if c.ShutdownTimeout <= 0 {
		fail("SHUTDOWN_TIMEOUT is %v; it must be longer than nothing", c.ShutdownTimeout)
	}
	for _, s := range trimmed(c.TrustedProxies) {
		p, err := parsePrefix(s)
		if err != nil {
			fail("TRUSTED_PROXIES has %q, which is no network such as 10.0.0.0/8", s)
			continue
		}
		c.proxies = append(c.proxies, p)
	}
	if c.CrawlPause < 0 || c.CrawlPause > maxCrawlPause {
		fail("CRAWL_PAUSE is %v, not from 0 to %v", c.CrawlPause, maxCrawlPause)
	}
	var err error
	if c.crawl, err = crawl.ParseAllow(c.CrawlAllow); err != nil {
		fail("CRAWL_ALLOW: %v", err)
	}
	return bad
}

// Model reports whether there is a model to ask: a key, or a server of one's
// own, which may need none.
func (c *Config) Model() bool { return c.OpenAIKey.Set() || c.OpenAIBaseURL != "" }

// defaultEmbeddingModel is used at OpenAI itself. Other servers may not have it.
const defaultEmbeddingModel = "text-embedding-3-small"

// Embedding returns the embedding model's name; empty when there is none.
func (c *Config) Embedding() string {
	switch {
	case c.EmbeddingModel == "none" || !c.Model():
		return ""
	case c.EmbeddingModel == "" && c.OpenAIBaseURL == "":
		return defaultEmbeddingModel
	}
	return c.EmbeddingModel
}

func isPort(s string) bool {
	n, err := strconv.ParseUint(s, 10, 16)
	return err == nil && n <= 65535
}

func trimmed(list []string) []string {
	var out []string
	for _, s := range list {
		if s = strings.TrimSpace(s); s != "" {
			out = append(out, s)
		}
	}
	return slices.Clip(out)
}

// parsePrefix reads a network, or a single address as one.
func parsePrefix(s string) (netip.Prefix, error) {
	if a, err := netip.ParseAddr(s); err == nil {
		a = a.Unmap()
		return netip.PrefixFrom(a, a.BitLen()), nil
	}
	p, err := netip.ParsePrefix(s)
	if err != nil {
		return netip.Prefix{}, err
	}
	return p.Masked(), nil
}
