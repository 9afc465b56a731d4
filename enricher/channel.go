package main

import "strings"

// channel is a channel name taken apart, after Asterisk's grammar: technology/resource-id, with ;1 or ;2 behind it for
// the two halves of a Local channel.
type channel struct {
	tech     string // PJSIP, SIP, IAX2, DAHDI, Local, …
	endpoint string // 1001, tata_gateway; of a Local channel the extension in front of the @
	context  string // of a Local channel the context behind the @
}

// parseChannel takes a name apart. The resource is matched greedily: endpoint names contain dashes, dots and @. Names of
// the older drivers (DAHDI/i1/0123-5, IAX2/peer-1234) end in a shorter id, so the last dash is the border for every
// technology. A name without a slash is no channel.
func parseChannel(name string) (channel, bool) {
	tech, resource, ok := strings.Cut(name, "/")
	if !ok || tech == "" {
		return channel{}, false
	}
	resource = strings.TrimSuffix(strings.TrimSuffix(resource, ";1"), ";2")
	if i := strings.LastIndexByte(resource, '-'); i > 0 && isHex(resource[i+1:]) {
		resource = resource[:i]
	}
	c := channel{tech: tech, endpoint: resource}
	switch tech {
	case "Local":
		c.endpoint, c.context, _ = strings.Cut(resource, "@")
	case "DAHDI", "Zap", "Dongle":
		// The span or device, not the number dialled over it, is the endpoint.
		c.endpoint, _, _ = strings.Cut(resource, "/")
	}
	// FreePBX's follow-me prefixes stand in front of the extension.
	c.endpoint = strings.TrimPrefix(strings.TrimPrefix(c.endpoint, "FMGL-"), "FMPR-")
	return c, c.endpoint != ""
}

func isHex(s string) bool {
	for i := range len(s) {
		if b := s[i]; (b < '0' || b > '9') && (b < 'a' || b > 'f') && (b < 'A' || b > 'F') {
			return false
		}
	}
	return s != ""
}

// isExtension tells a numeric endpoint of two to six digits, which without rules is taken for a phone.
func isExtension(endpoint string) bool {
	if len(endpoint) < 2 || len(endpoint) > 6 {
		return false
	}
	for i := range len(endpoint) {
		if endpoint[i] < '0' || endpoint[i] > '9' {
			return false
		}
	}
	return true
}
