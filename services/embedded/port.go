package embedded

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"sync"
)

const firstPort = 15000

var given struct {
	sync.Mutex
	ports map[int]bool
}

// FreePort returns a TCP port of 127.0.0.1 that nobody listens on, and never the same one twice in a process.
//
// It lies below the range from which the kernel takes the ports of outgoing connections: a port of that range can be
// taken while a server that owns it restarts.
func FreePort() (int, error) {
	given.Lock()
	defer given.Unlock()
	if given.ports == nil {
		given.ports = make(map[int]bool)
	}
	end := ephemeralStart()
	for range 200 {
		port := firstPort + rand.IntN(end-firstPort)
		if given.ports[port] {
			continue
		}
		l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port))
		if err != nil {
			continue
		}
		if err := l.Close(); err != nil {
			return 0, fmt.Errorf("release port %d: %w", port, err)
		}
		given.ports[port] = true
		return port, nil
	}
	return 0, errors.New("find a free port on 127.0.0.1: 200 tries met a port in use")
}

// FreeAddr is FreePort as "127.0.0.1:port".
func FreeAddr() (string, error) {
	port, err := FreePort()
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("127.0.0.1:%d", port), nil
}

func ephemeralStart() int {
	start := 32768
	if text, err := os.ReadFile("/proc/sys/net/ipv4/ip_local_port_range"); err == nil {
		var low int
		if _, err := fmt.Sscan(string(text), &low); err == nil {
			start = low
		}
	}
	// Where an administrator has widened the range downwards there is nothing to stay below of.
	if start < firstPort+5000 {
		return 32768
	}
	return start
}
