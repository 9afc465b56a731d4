package main

import "strings"

// channel is a channel name taken apart, after Asterisk's grammar: technology/resource-id, with ;1 or ;2 behind it for
// the two halves of a Local channel.
type channel struct {
	tech     string // PJSIP, SIP, IAX2, DAHDI, Local, …
	endpoint string // 1001, tata_gateway; of DAHDI the span or line, of a Local channel the extension in front of the @
	context  string // of a Local channel the context behind the @
	base     string // the name without its half and whatever was put around it: the same for both halves of a pair
	half     byte   // '1' faces whoever made the pair, '2' runs the dialplan; 0 for whole channels
	internal bool   // one of the PBX's own, which is no party to any call
}

// parseChannel takes a name apart. It returns false for what names no party: text that is no channel name, and the PBX's
// own channels, of which internal is set and the endpoint empty.
func parseChannel(name string) (c channel, ok bool) {
	name = bare(name)
	c.half = halfOf(name)
	if c.half != 0 {
		name = name[:len(name)-2]
	}
	tech, resource, ok := strings.Cut(name, "/")
	if !ok || !isTechnology(tech) || resource == "" || hasControl(resource) {
		return channel{}, false
	}
	c.tech, c.base = tech, name
	if isInternal(tech, resource) {
		c.internal = true
		return c, false
	}
	resource = withoutID(tech, resource, c.half)
	switch tech {
	case "Local":
		at := strings.LastIndexByte(resource, '@')
		c.endpoint = resource
		if at >= 0 {
			// A member's interface, Local/1007@from-queue/n, is no channel yet; it is read as one all the same.
			c.endpoint, c.context = resource[:at], resource[at+1:]
			c.context, _, _ = strings.Cut(c.context, "/")
		}
		c.endpoint = followed(c.endpoint)
	case "DAHDI", "Zap", "Dongle":
		// The span or device, not the number dialled over it, is the endpoint.
		c.endpoint, _, _ = strings.Cut(resource, "/")
	default:
		c.endpoint = resource
	}
	return c, c.endpoint != ""
}

// bare removes what Asterisk puts around a name while it moves a call: AsyncGoto/ and its like in front (also one around
// another), <ZOMBIE> and <MASQ> behind. What is left is the name of the channel that it is about.
func bare(name string) string {
	for {
		inner := strings.TrimSuffix(strings.TrimSuffix(name, "<ZOMBIE>"), "<MASQ>")
		for _, around := range [...]string{"AsyncGoto/", "Transfered/", "Parked/"} { // Asterisk's spelling
			if rest, ok := strings.CutPrefix(inner, around); ok && strings.IndexByte(rest, '/') > 0 {
				inner = rest
			}
		}
		if inner == name {
			return name
		}
		name = inner
	}
}

// halfOf a name is '1', '2' or 0. The oldest releases put a comma where there is a semicolon today.
func halfOf(name string) byte {
	if n := len(name); n > 2 && (name[n-1] == '1' || name[n-1] == '2') {
		if name[n-2] == ';' || name[n-2] == ',' && strings.HasPrefix(name, "Local/") {
			return name[n-1]
		}
	}
	return 0
}

// withoutID cuts the id from a resource. Endpoint names contain dashes themselves, so each technology's own form of ids
// counts: without it the tail of a trunk called line-2 would be taken for one.
func withoutID(tech, resource string, half byte) string {
	i := strings.LastIndexByte(resource, '-')
	if i <= 0 {
		return resource
	}
	id := resource[i+1:]
	isID := isHex(id)
	switch tech {
	case "PJSIP":
		isID = isID && len(id) == 8
	case "Local":
		isID = isID && (len(id) == 8 || half != 0 && len(id) >= 4)
	case "SIP":
		isID = isID && len(id) >= 4
	case "IAX2":
		isID = isDigits(id)
	}
	if !isID {
		return resource
	}
	return resource[:i]
}

// followed is the extension behind FreePBX's follow-me prefixes: FMPR-1001, and FMGL-09944421125# for the listed numbers.
func followed(extension string) string {
	for _, prefix := range [...]string{"FMGL-", "FMPR-"} {
		if rest, ok := strings.CutPrefix(extension, prefix); ok {
			return strings.TrimSuffix(rest, "#")
		}
	}
	return extension
}

// isInternal tells the channels that Asterisk makes for itself: bridges, announcers, recorders, message queues; and
// dialplan/builtin, which stands in hang-up sources.
func isInternal(tech, resource string) bool {
	switch tech {
	case "AsyncGoto", "Transfered", "Parked", "Bridge", "Surrogate", "Message", "CBAnn", "CBRec", "ConfBridgeRecorder",
		"Announcer", "Recorder", "Snoop", "MulticastRTP", "dialplan":
		return true
	case "DAHDI", "Zap":
		return strings.HasPrefix(resource, "pseudo-") // a conference's timer
	}
	return false
}

func isTechnology(s string) bool {
	for i := range len(s) {
		if b := s[i]; (b < '0' || b > '9') && (b < 'a' || b > 'z') && (b < 'A' || b > 'Z') {
			return false
		}
	}
	return s != ""
}

func hasControl(s string) bool {
	for i := range len(s) {
		if s[i] < ' ' || s[i] == 0x7f {
			return true
		}
	}
	return false
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
	return len(endpoint) >= 2 && len(endpoint) <= 6 && isDigits(endpoint)
}

func isDigits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return s != ""
}
