package main

import (
	"fmt"
	"io"
	"reflect"
	"strconv"
	"time"

	"github.com/parquet-go/parquet-go"
)

// A group of rows is in memory until it is written: it ends at so many calls, or where their records come to so many bytes.
const (
	groupRows  = 10_000
	groupBytes = 8 << 20
)

// columnar is a Parquet file: a column has the type of its field, all but id may be null, lists are lists of texts.
type columnar struct {
	w     *parquet.GenericWriter[any]
	cut   cut
	row   parquet.Row
	rows  int
	bytes int
}

// callSchema has the columns in their order, which parquet.Group would not keep.
var callSchema = func() *parquet.Schema {
	var fields []reflect.StructField
	add := func(name, options string, of reflect.Type) {
		fields = append(fields, reflect.StructField{
			Name: fmt.Sprintf("F%d", len(fields)), Type: of, Tag: reflect.StructTag(fmt.Sprintf("parquet:%q", name+options)),
		})
	}
	for _, c := range exportColumns {
		switch {
		case c.name == "id":
			add(c.name, "", reflect.TypeFor[int64]())
		case c.kind == times:
			add(c.name, ",optional,timestamp(millisecond)", reflect.TypeFor[int64]())
		case c.kind == integers:
			add(c.name, ",optional", reflect.TypeFor[int64]())
		case c.kind == reals:
			add(c.name, ",optional", reflect.TypeFor[float64]())
		case c.kind == flags:
			add(c.name, ",optional", reflect.TypeFor[bool]())
		case c.kind == lists:
			add(c.name, ",list", reflect.TypeFor[[]string]())
		default:
			add(c.name, ",optional", reflect.TypeFor[string]())
		}
	}
	add(extraColumn, ",optional,json", reflect.TypeFor[string]())
	return parquet.NewSchema("call", parquet.SchemaOf(reflect.New(reflect.StructOf(fields)).Interface()))
}()

func newParquet(w io.Writer, _ exportOptions) (encoder, error) {
	return &columnar{w: parquet.NewGenericWriter[any](w, callSchema, parquet.CreatedBy("cdrflow", "", ""),
		parquet.Compression(&parquet.Snappy), parquet.PageBufferSize(64<<10))}, nil
}

func (c *columnar) add(record []byte) error {
	if err := c.cut.record(record); err != nil {
		return err
	}
	c.row = c.row[:0]
	for i, v := range c.cut.cells {
		of := texts // extra
		if i < len(exportColumns) {
			of = exportColumns[i].kind
		}
		if err := c.value(i, of, v); err != nil {
			return err
		}
	}
	if _, err := c.w.WriteRows([]parquet.Row{c.row}); err != nil {
		return err
	}
	c.rows++
	c.bytes += len(record)
	if c.rows < groupRows && c.bytes < groupBytes {
		return nil
	}
	c.rows, c.bytes = 0, 0
	return c.w.Flush()
}

// value appends what a column has of a row, at its levels: a column that is required has none, one that is optional has 1
// where there is a value, a list 1 for each member, of which those behind the first repeat.
func (c *columnar) value(column int, of kind, v cell) error {
	if of == lists {
		repeated := 0
		v.members(func(text []byte) {
			c.row = append(c.row, parquet.ByteArrayValue(text).Level(repeated, 1, column))
			repeated = 1
		})
		if repeated == 0 {
			c.row = append(c.row, parquet.NullValue().Level(0, 0, column))
		}
		return nil
	}
	if v.kind == 0 {
		c.row = append(c.row, parquet.NullValue().Level(0, 0, column))
		return nil
	}
	var value parquet.Value
	var err error
	switch of {
	case integers:
		var n int64
		n, err = strconv.ParseInt(string(v.text), 10, 64)
		value = parquet.Int64Value(n)
	case times:
		var at time.Time
		at, err = time.Parse(time.RFC3339, string(v.text))
		value = parquet.Int64Value(at.UnixMilli())
	case reals:
		var f float64
		f, err = strconv.ParseFloat(string(v.text), 64)
		value = parquet.DoubleValue(f)
	case flags:
		value = parquet.BooleanValue(v.kind == 't')
	default:
		value = parquet.ByteArrayValue(v.text)
	}
	present := 1
	if column == 0 { // id
		present = 0
	}
	c.row = append(c.row, value.Level(0, present, column))
	return err
}

func (c *columnar) end() error { return c.w.Close() }
