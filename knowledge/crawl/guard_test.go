package crawl

import (
	"net/netip"
	"strings"
	"testing"
)

func TestAddressesAreJudgedByWhereTheyLead(t *testing.T) {
	for want, list := range map[reach][]string{
		public: {"93.184.216.34", "1.1.1.1", "2606:4700::1111", "2a00:1450:4001::1", "64:ff9b::5db8:d822", "::ffff:93.184.216.34", "172.32.0.1", "100.128.0.1"},
		inside: {"10.1.2.3", "172.16.0.1", "172.31.255.255", "192.168.0.1", "127.0.0.1", "127.255.0.9", "0.1.2.3", "100.64.0.1", "100.127.255.255",
			"198.18.0.1", "192.0.2.1", "203.0.113.9", "240.0.0.1", "::1", "fc00::1", "fd12::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1",
			"64:ff9b::7f00:1", "64:ff9b::a00:1", "64:ff9b:1::1", "2002:7f00:1::1", "2002:5db8:d822::1", "2001:0:4136:e378:8000:63bf:3fff:fdd2",
			"::10.0.0.1", "2606:4700::5efe:10.0.0.1", "2606:4700::200:5efe:192.168.1.1", "2001:db8::1", "fec0::1", "4000::1", "3fff::1"},
		linked: {"169.254.169.254", "169.254.0.1", "fe80::1", "fe80::1%eth0", "::ffff:169.254.169.254", "64:ff9b::a9fe:a9fe", "2002:a9fe:a9fe::1",
			"100.100.100.200", "168.63.129.16", "192.0.0.192", "fd00:ec2::254", "fd20:ce::254", "2001:0:a9fe:a9fe::1"},
		never: {"0.0.0.0", "255.255.255.255", "224.0.0.1", "239.1.2.3", "::", "ff02::1", "::ffff:0.0.0.0", "64:ff9b::e000:1"},
	} {
		for _, s := range list {
			if got := reachOf(netip.MustParseAddr(s)); got != want {
				t.Errorf("reachOf(%s) = %d, want %d", s, got, want)
			}
		}
	}
}

func TestTheListAllowsWhatItNamesAndNoMore(t *testing.T) {
	list := []string{"wiki.corp", "*.docs.corp:8080", "10.1.0.0/16", "127.0.0.1:9000", "[fd00::1]:*", "169.254.7.7", " ", "out.example:8443", "Bücher.example"}
	allow, err := ParseAllow(list)
	if err != nil {
		t.Fatal(err)
	}
	for _, x := range []struct {
		host, to string
		ok       bool
	}{
		{"example.com", "93.184.216.34:443", true},
		{"example.com", "93.184.216.34:8443", false},
		{"out.example", "93.184.216.34:8443", true},
		{"out.example", "10.9.9.9:8443", true},
		{"wiki.corp", "192.168.3.4:80", true},
		{"wiki.corp", "192.168.3.4:8080", false},
		{"wiki.corp", "169.254.169.254:80", false},
		{"wiki.corp", "[fe80::1]:80", false},
		{"wiki.corp", "0.0.0.0:80", false},
		{"evilwiki.corp", "192.168.3.4:80", false},
		{"a.docs.corp", "192.168.3.4:8080", true},
		{"docs.corp", "192.168.3.4:8080", false},
		{"x.example", "10.1.200.3:443", true},
		{"x.example", "[::ffff:10.1.200.3]:443", true},
		{"x.example", "[64:ff9b::a01:c803]:443", true},
		{"x.example", "10.2.0.1:443", false},
		{"x.example", "127.0.0.1:9000", true},
		{"x.example", "127.0.0.1:9001", false},
		{"x.example", "[fd00::1]:1234", true},
		{"x.example", "169.254.7.7:80", true},
		{"xn--bcher-kva.example", "10.9.9.9:80", true},
	} {
		err := allow.check(x.host, netip.MustParseAddrPort(x.to))
		if (err == nil) != x.ok {
			t.Errorf("check(%s, %s) = %v, want allowed %v", x.host, x.to, err, x.ok)
		}
		if err != nil && !strings.Contains(err.Error(), Variable) && !strings.Contains(x.to, "0.0.0.0") {
			t.Errorf("check(%s, %s) = %v, want it to name %s", x.host, x.to, err, Variable)
		}
	}
	for _, s := range []string{"10.0.0.0/33", "http://x", "a b", "host:0", "host:99999", "host:http", "*", "a/b", "::1:x"} {
		if _, err := ParseAllow([]string{s}); err == nil {
			t.Errorf("ParseAllow(%q) = nil, want an error", s)
		}
	}
}
