package engine

import (
	"maps"
	"net/url"
	"regexp"
	"slices"
	"strings"
)

// standing are the settings of every connection that differ from the library's: with implicit_select it would read
// any word as a query, and a server does not.
var standing = map[string]string{"implicit_select": "0"}

// notSettings are the URL parameters of ClickHouse's HTTP interface that are not query settings.
var notSettings = map[string]bool{
	"query": true, "database": true, "default_format": true, "query_id": true, "quota_key": true, "user": true,
	"password": true, "compress": true, "decompress": true, "client_protocol_version": true, "wait_end_of_query": true,
	"buffer_size": true, "stacktrace": true, "role": true, "close_session": true, "session_timeout": true,
	"session_check": true, "http_response_headers": true,
}

var settingName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_.]*$`)

// settings takes the query settings from the URL.
func settings(query url.Values) (map[string]string, error) {
	found := map[string]string{}
	for name, values := range query {
		switch {
		case notSettings[name] || strings.HasPrefix(name, "param_"):
		case name == "session_id":
			return nil, refuse(codeNotImplemented, "sessions are not supported by the embedded engine")
		case !settingName.MatchString(name):
			return nil, refuse(codeUnknownSetting, "Unknown setting "+quote(name))
		default:
			found[name] = values[len(values)-1]
		}
	}
	return found, nil
}

// parameters takes the values of {name:Type} placeholders from the URL. They are in ClickHouse's escaped text form
// (as in a TSV field), which is what the engine expects as well.
func parameters(query url.Values) map[string]string {
	found := map[string]string{}
	for name, values := range query {
		if p, ok := strings.CutPrefix(name, "param_"); ok {
			found[p] = values[len(values)-1]
		}
	}
	return found
}

// setStatement is the SET statement that takes a connection from the settings it has to those it should have, or
// empty when they are the same. SET serves every kind of statement alike, while a SETTINGS clause means the table's
// own settings in CREATE TABLE; it sticks to the connection, so what the next query did not ask for is set back.
func setStatement(has, wants map[string]string) string {
	var parts []string
	for _, name := range slices.Sorted(maps.Keys(wants)) {
		if value, ok := has[name]; !ok || value != wants[name] {
			parts = append(parts, name+"="+quote(wants[name]))
		}
	}
	for _, name := range slices.Sorted(maps.Keys(has)) {
		if _, ok := wants[name]; ok {
			continue
		}
		if value, ok := standing[name]; ok {
			parts = append(parts, name+"="+quote(value))
		} else {
			parts = append(parts, name+"=DEFAULT")
		}
	}
	if len(parts) == 0 {
		return ""
	}
	return "SET " + strings.Join(parts, ", ")
}

var quoter = strings.NewReplacer(`\`, `\\`, `'`, `\'`)

func quote(s string) string { return "'" + quoter.Replace(s) + "'" }

func quoteName(s string) string {
	return "`" + strings.NewReplacer(`\`, `\\`, "`", "\\`").Replace(s) + "`"
}
