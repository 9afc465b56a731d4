package engine

import "strings"

// firstWord is the statement's first keyword in upper case, or "(".
func firstWord(sql string) string {
	l := lexer{sql: sql}
	t, ok := l.next()
	if !ok {
		return ""
	}
	return strings.ToUpper(sql[t.from:t.to])
}

// severalStatements tells whether something stands behind a semicolon: the library would run it too, a server
// refuses it.
func severalStatements(sql string) bool {
	l := lexer{sql: sql}
	ended := false
	for {
		t, ok := l.next()
		if !ok {
			return false
		}
		semicolon := sql[t.from:t.to] == ";"
		if ended && !semicolon {
			return true
		}
		ended = ended || semicolon && t.depth <= 0
	}
}

// insert is an INSERT statement whose rows come as data rather than from a SELECT.
type insert struct {
	into   string // INSERT INTO t (a, b)
	clause string // SETTINGS …, or empty
	format string // Native, Values, JSONEachRow, …
	data   string // what stands behind it in the statement's own text
}

// from is the statement with its rows in a file. A server has no such statement (its client sends the file's rows);
// the library contains the client.
func (i insert) from(path string) string {
	return i.into + " FROM INFILE " + quote(path) + " " + i.clause + " FORMAT " + i.format
}

// parseInsert splits an INSERT that brings data; ok is false for every other statement. Without VALUES or FORMAT the
// rows are in format (the request's default_format), as on a server.
func parseInsert(sql, format string) (i insert, ok bool, err error) {
	l := lexer{sql: sql}
	t, more := l.next()
	if !more || !l.is(t, "INSERT") {
		return insert{}, false, nil
	}
	end, settings := len(sql), -1
	named := false // the table's name has begun: its parts are not keywords
	first := false // the next token is the first one in the brackets behind the name
	for {
		prev := t
		if t, more = l.next(); !more {
			break
		}
		switch {
		case first && l.is(t, "SELECT", "WITH"):
			return insert{}, false, nil
		case t.depth > 0:
			first = false
		case !named:
			named = !l.is(t, "INTO", "TABLE", "FUNCTION")
		case sql[prev.from:prev.to] == ".": // a name, whatever it looks like
		case sql[t.from:t.to] == "(":
			first = true
		case sql[t.from:t.to] == ";":
			return insert{into: sql[:min(t.from, end)], clause: clause(sql, settings, t.from), format: format}, true, nil
		case l.is(t, "SELECT", "WITH", "WATCH", "EXPLAIN"):
			return insert{}, false, nil
		case l.is(t, "FROM"):
			return insert{}, false, refuse(codeNotImplemented, "INSERT … FROM INFILE is not supported over HTTP")
		case l.is(t, "SETTINGS") && settings < 0:
			settings, end = t.from, min(end, t.from)
		case l.is(t, "VALUES"):
			return insert{sql[:min(t.from, end)], clause(sql, settings, t.from), "Values", sql[t.to:]}, true, nil
		case l.is(t, "FORMAT"):
			name, more := l.next()
			if !more || !name.word {
				return insert{}, false, nil // the engine's parser will say what is wrong with it
			}
			return insert{sql[:min(t.from, end)], clause(sql, settings, t.from), sql[name.from:name.to], inline(sql[name.to:])}, true, nil
		}
	}
	return insert{into: sql[:end], clause: clause(sql, settings, len(sql)), format: format}, true, nil
}

func clause(sql string, from, to int) string {
	if from < 0 {
		return ""
	}
	return sql[from:to]
}

// inline is the data behind FORMAT X: it begins on the next line, or behind the blank; a lone semicolon is none.
func inline(rest string) string {
	rest = strings.TrimLeft(rest, " \t\r")
	rest = strings.TrimPrefix(rest, "\n")
	if strings.TrimSpace(rest) == ";" {
		return ""
	}
	return rest
}
