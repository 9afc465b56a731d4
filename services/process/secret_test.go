package process

import "testing"

func TestMasked(t *testing.T) {
	t.Parallel()
	for dsn, want := range map[string]string{
		"":                                       "",
		"poller:secret@tcp(db:3306)/asterisk":    "poller:***@tcp(db:3306)/asterisk",
		"poller:se@cr/e:t@tcp(db:3306)/asterisk": "poller:***@tcp(db:3306)/asterisk",
		"poller@unix(/run/mysqld.sock)/asterisk": "poller@unix(/run/mysqld.sock)/asterisk",
		"http://default:secret@ch:8123/cdrflow":  "http://default:***@ch:8123/cdrflow",
		"clickhouse://ch:9000/cdrflow?username=u&password=secret&secure=true": "clickhouse://ch:9000/cdrflow?username=u&password=***&secure=true",
		"nats://127.0.0.1:4222":                      "nats://127.0.0.1:4222",
		"nats://token@n1:4222":                       "nats://***@n1:4222",
		"nats://u:secret@n1:4222,nats://u:s2@n2":     "nats://u:***@n1:4222,nats://u:***@n2",
		"nats://u:secret@n1:4222,u:secret@n2":        "nats://u:***@n2",
		"n1:4222":                                    "n1:4222",
		"https://logs/api?Token=secret":              "https://logs/api?Token=***",
		"root:secret word":                           "***",
		"http://u:pa,ss@h":                           "http://u:***@h",
		"https://host/#frag;password=secret;other=1": "https://host/#frag;password=***;other=1",
	} {
		if got := Masked(dsn); got != want {
			t.Errorf("Masked(%q) = %q, want %q", dsn, got, want)
		}
	}
}
