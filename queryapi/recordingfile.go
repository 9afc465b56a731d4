package main

import (
	"path"
	"regexp"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/cdrflow/cdrflow/services/call"
)

// recordingPaths are the places below RECORDINGS_DIR where a call's recording can lie, likeliest first: flat, and in
// YYYY/MM/DD as FreePBX does. None where the row names no file that may be asked for.
//
// The day is that on which the recording was set up, by the PBX's clock. The file's name or the path in the row tells it;
// otherwise it is the day of the call, or a neighbour when the call ran past midnight.
func recordingPaths(c *call.Call) []string {
	name := recordingName(c.Recordingfile)
	if name == "" {
		return nil
	}
	days := append(daysIn(name), daysIn(pathDay(c.Recordingfile))...)
	local := c.Calldate.Time().Add(time.Duration(c.CalldateOffset) * time.Second)
	for _, shift := range []int{0, 1, -1} {
		days = append(days, local.AddDate(0, 0, shift).Format("2006/01/02"))
	}
	paths := []string{name}
	seen := map[string]bool{}
	for _, day := range days {
		if !seen[day] {
			seen[day] = true
			paths = append(paths, path.Join(day, name))
		}
	}
	return paths
}

// recordingName is the bare name: old installations keep a whole path in the column, and nothing that a row says may lead
// out of the directory. Empty where no file can be meant.
func recordingName(recordingfile string) string {
	name := recordingfile[strings.LastIndexByte(recordingfile, '/')+1:]
	const longest = 255 // bytes: the limit of file systems
	if name == "." || name == ".." || len(name) > longest || !utf8.ValidString(name) || strings.ContainsFunc(name, unicode.IsControl) {
		return ""
	}
	return name
}

var (
	stamp   = regexp.MustCompile(`(?:^|-)(\d{8})-\d{6}(?:-|\.|$)`)
	dayPath = regexp.MustCompile(`(?:^|/)(\d{4})/(\d{2})/(\d{2})/[^/]*$`)
)

// daysIn gives the days that a name carries as YYYYMMDD-HHMMSS. The last is the stamp: what stands left of it are numbers
// that were dialled, which may look like one.
func daysIn(name string) []string {
	var days []string
	for from := 0; ; {
		at := stamp.FindStringSubmatchIndex(name[from:])
		if at == nil {
			return days
		}
		if day, err := time.Parse("20060102", name[from+at[2]:from+at[3]]); err == nil {
			days = append([]string{day.Format("2006/01/02")}, days...)
		}
		from += at[3] // two stamps may share the hyphen between them
	}
}

// pathDay gives the day that a stored path carries as directories, in the form that daysIn reads.
func pathDay(recordingfile string) string {
	if m := dayPath.FindStringSubmatch(recordingfile); m != nil {
		return m[1] + m[2] + m[3] + "-000000"
	}
	return ""
}
