package llmtest

import (
	"net"
	"net/netip"
)

// URLForms gives 40 ways to write an address that a platform must not call: a server on loopback at v4 and v6, which are the same port's where they
// can be, another one at database, a name that no resolver knows, and what is not HTTP at all. socket is the path of a Unix socket.
func URLForms(v4, v6, database netip.AddrPort, name, socket string) []string {
	port := portOf(v4)
	at := func(host string) string { return "http://" + host + ":" + port + "/latest/meta-data" }
	six := func(host string) string { return "http://" + net.JoinHostPort(host, portOf(v6)) + "/" }
	return []string{
		at("127.0.0.1"), at("localhost"), at("LOCALHOST"), at("localhost."), at("127.1"), at("127.0.1"), at("127.255.255.254"), at("0.0.0.0"), at("0"),
		at("2130706433"), at("0x7f000001"), at("0x7f.0.0.1"), at("017700000001"), at("0177.0.0.01"), at("①②⑦.⓪.⓪.①"), at("127。0。0。1"), at("%31%32%37.0.0.1"),
		six("::1"), six("::"), six("0:0:0:0:0:0:0:1"), six("::1%25lo"), at("[::ffff:127.0.0.1]"), at("[::ffff:7f00:1]"), at("[::127.0.0.1]"), at("[64:ff9b::7f00:1]"),
		"http://169.254.169.254/latest/meta-data/", "http://[fd00:ec2::254]/latest/meta-data/", "http://10.0.0.1/", "http://[fe80::1%25eth0]/",
		"http://trusted.example@127.0.0.1:" + port + "/", "http://127.0.0.1:" + port + "#@trusted.example/", "//127.0.0.1:" + port + "/", `http:\\127.0.0.1:` + port + `\`,
		"http://" + database.String() + "/", "http://" + name + ":" + port + "/", "http://rebinding." + name + "/",
		"http://127.0.0.1:" + port + "/%0d%0aHost:%20x%0d%0a\r\nX-Injected: yes", "file:///etc/passwd", "gopher://127.0.0.1:" + port + "/_GET%20/", "unix://" + socket,
	}
}

func portOf(a netip.AddrPort) string {
	_, port, err := net.SplitHostPort(a.String())
	if err != nil {
		return ""
	}
	return port
}
