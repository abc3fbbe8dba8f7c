package main

import (
	"net"
	"strings"
	"testing"
	"time"

	"frontdesk/migrations/dbtest"
	"frontdesk/migrations/localpg"
)

// named returns the finding of that check.
func named(t *testing.T, fs []finding, check string) finding {
	t.Helper()
	for _, f := range fs {
		if f.Check == check {
			return f
		}
	}
	t.Fatalf("no finding %q in %+v", check, fs)
	return finding{}
}

func TestDoctorJudgesADatabase(t *testing.T) {
	cfg, err := load(t, []string{"DATABASE_URL=" + dbtest.URL(t), "LISTEN_ADDR=127.0.0.1:0"}, "", nil)
	if err != nil {
		t.Fatal(err)
	}
	fs := examine(t.Context(), &cfg, time.Now(), system{})
	if named(t, fs, "database").Verdict != verdictOK || named(t, fs, "schema").Verdict != verdictOK || named(t, fs, "address").Verdict != verdictOK || !healthy(fs) {
		t.Errorf("examine = %+v, want all well", fs)
	}
	cfg, err = load(t, []string{"DATABASE_URL=" + dbtest.EmptyURL(t)}, "", nil)
	if err != nil {
		t.Fatal(err)
	}
	if f := named(t, examine(t.Context(), &cfg, time.Now(), system{}), "schema"); f.Verdict != verdictNote {
		t.Errorf("schema of an empty database = %+v, want a note", f)
	}
}

func TestDoctorShowsNoPasswordOfADatabaseOutOfReach(t *testing.T) {
	cfg, err := load(t, []string{"DATABASE_URL=postgres://someone:hunter2@127.0.0.1:1/db?connect_timeout=2"}, "", nil)
	if err != nil {
		t.Fatal(err)
	}
	fs := examine(t.Context(), &cfg, time.Now(), system{})
	f := named(t, fs, "database")
	if f.Verdict != verdictMissing || healthy(fs) || strings.Contains(f.Detail+f.Advice, "hunter2") || !strings.Contains(f.Detail, "refused") {
		t.Errorf("database out of reach = %+v, want it missing, with the cause and no password", f)
	}
}

func TestDoctorWarnsOfOldVectors(t *testing.T) {
	for _, c := range []struct{ version, verdict, says string }{
		{"0.8.0", verdictWarning, "CVE-2026-3172"}, {"0.8.1", verdictWarning, "CVE-2026-3172"},
		{"0.8.2", verdictWarning, "vacuumed"}, {"0.8.3", verdictWarning, "vacuumed"}, {"0.8.4", verdictOK, "0.8.4"}, {"0.9.0", verdictOK, "0.9.0"},
	} {
		i := localpg.Install{Vector: c.version}
		f := vectorFinding(c.version, i.ParallelBuildsSafe(), i.VectorCurrent(), system{})
		if f.Verdict != c.verdict || !strings.Contains(f.Detail, c.says) {
			t.Errorf("pgvector %s = %+v, want %s that says %s", c.version, f, c.verdict, c.says)
		}
	}
}

func TestDoctorWarnsOfModelsThatEnd(t *testing.T) {
	day := time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)
	soon := modelFindings("gpt-4o-mini", true, day, adviseSettings)
	if len(soon) != 1 || soon[0].Verdict != verdictWarning || !strings.Contains(soon[0].Detail, "stops answering on 14 January 2027") || !strings.Contains(soon[0].Advice, "Choose gpt-") {
		t.Errorf("gpt-4o-mini in November 2026 = %+v, want a warning with the day and what to set", soon)
	}
	if past := modelFindings("gpt-4o-mini", true, day.AddDate(1, 0, 0), adviseSettings); len(past) != 1 || !strings.Contains(past[0].Detail, "would stop") {
		t.Errorf("gpt-4o-mini in November 2027 = %+v, want it in the past", past)
	}
	if early := modelFindings("gpt-4o-mini", true, day.AddDate(-1, 0, 0), adviseSettings); len(early) != 0 {
		t.Errorf("gpt-4o-mini in November 2025 = %+v, want nothing", early)
	}
	if unknown := modelFindings("llama-9", true, day, adviseSettings); len(unknown) != 1 || unknown[0].Verdict != verdictNote {
		t.Errorf("an unknown model = %+v, want a note", unknown)
	}
}

func TestDoctorJudgesTheModelsThatWouldBeAsked(t *testing.T) {
	day := time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC)
	for name, c := range map[string]struct {
		env, stored   string
		model, warned string
		advice        string
	}{
		"the environment's own":          {"OPENAI_MODEL=gpt-4o-mini", "", "gpt-4o-mini at OpenAI", "model gpt-4o-mini", "Set OPENAI_MODEL="},
		"those of the settings":          {"", `{"answer": ["gpt-6-luna"]}`, "gpt-6-luna at OpenAI (Settings", "", ""},
		"the environment's all the same": {"OPENAI_MODEL=gpt-4o-mini", `{"answer": ["gpt-6-luna"]}`, "gpt-4o-mini at OpenAI", "model gpt-4o-mini", "Set OPENAI_MODEL="},
		"one for summaries":              {"", `{"answer": ["gpt-6-luna"], "summary": "gpt-4o-mini"}`, "gpt-6-luna", "model gpt-4o-mini", "Settings › Models"},
	} {
		t.Run(name, func(t *testing.T) {
			url := dbtest.URL(t)
			pool := dbtest.Connect(t, url)
			if c.stored != "" {
				if _, err := pool.Exec(t.Context(), `INSERT INTO shared_settings (name, value) VALUES ('models', $1)`, c.stored); err != nil {
					t.Fatal(err)
				}
			}
			env := []string{"DATABASE_URL=" + url, "LISTEN_ADDR=127.0.0.1:0", "OPENAI_API_KEY=sk-x"}
			if c.env != "" {
				env = append(env, c.env)
			}
			cfg, err := load(t, env, "", nil)
			if err != nil {
				t.Fatal(err)
			}
			fs := examine(t.Context(), &cfg, day, system{})
			if f := named(t, fs, "model"); !strings.HasPrefix(f.Detail, c.model) {
				t.Errorf("the model is %q, want %q", f.Detail, c.model)
			}
			warned := ""
			for _, f := range fs {
				if f.Verdict == verdictWarning && strings.HasPrefix(f.Check, "model ") {
					warned += f.Check
					if !strings.Contains(f.Advice, c.advice) {
						t.Errorf("advice %q, want %q in it", f.Advice, c.advice)
					}
				}
			}
			if warned != c.warned {
				t.Errorf("warned of %q, want %q", warned, c.warned)
			}
		})
	}
}

func TestDoctorSaysHowOnEachPlatform(t *testing.T) {
	for _, c := range []struct {
		on    system
		found []localpg.Install
		want  string
	}{
		{system{os: "darwin"}, nil, "brew install"},
		{system{os: "linux", id: "ubuntu debian"}, nil, "apt install postgresql"},
		{system{os: "linux", id: "debian"}, []localpg.Install{{Major: 17}}, "postgresql-17-pgvector"},
		{system{os: "linux", id: "fedora"}, nil, "dnf install"},
		{system{os: "freebsd"}, nil, "PostgreSQL 15 or later"},
	} {
		if got := c.on.howToInstall(c.found); !strings.Contains(got, c.want) || !strings.Contains(got, "DATABASE_URL") {
			t.Errorf("howToInstall on %+v = %q, want %q and the way around", c.on, got, c.want)
		}
	}
}

func TestDoctorSeesATakenAddressAndShowsNoKey(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	cfg, err := load(t, []string{"DATABASE_URL=postgres://127.0.0.1:1/db?connect_timeout=1", "LISTEN_ADDR=" + l.Addr().String(), "OPENAI_API_KEY=sk-hunter2"}, "", nil)
	if err != nil {
		t.Fatal(err)
	}
	fs := examine(t.Context(), &cfg, time.Now(), system{})
	if f := named(t, fs, "address"); f.Verdict != verdictWarning {
		t.Errorf("a taken address = %+v, want a warning", f)
	}
	var out strings.Builder
	printFindings(&out, fs)
	if strings.Contains(out.String(), "hunter2") {
		t.Errorf("doctor shows a secret: %s", out.String())
	}
}
