package engine

import (
	"fmt"
	"strings"

	"github.com/ClickHouse/ch-go/proto"
)

// helloQuery is what clickhouse-go asks on every new HTTP connection.
const helloQuery = "SELECT displayName(), version(), revision(), timezone()"

// helloRevision is the protocol revision in which the driver reads the answer, whatever the server is.
const helloRevision = 54460

func isHello(sql string) bool {
	return strings.TrimRight(strings.TrimSpace(sql), ";") == helloQuery
}

// hello answers the driver's first query in its stead: the engine writes Native blocks in the form of revision 0 and
// the driver would read them as revision 54460. A revision of 0 in the answer makes the driver read all later results
// as the engine writes them.
func (e *Engine) hello() ([]byte, error) {
	var name, version, timezone proto.ColStr
	var revision proto.ColUInt32
	name.Append("cdrflow")
	version.Append(e.version)
	revision.Append(0)
	timezone.Append(e.timezone)
	var buf proto.Buffer
	block := proto.Block{Info: proto.BlockInfo{BucketNum: -1}, Columns: 4, Rows: 1}
	err := block.EncodeBlock(&buf, helloRevision, []proto.InputColumn{
		{Name: "displayName()", Data: name},
		{Name: "version()", Data: version},
		{Name: "revision()", Data: revision},
		{Name: "timezone()", Data: timezone},
	})
	if err != nil {
		return nil, fmt.Errorf("encode the hello block: %w", err)
	}
	return buf.Buf, nil
}
