package process

import (
	"encoding"
	"reflect"
	"strings"
)

// setting is one leaf of a configuration: a field with an env tag.
type setting struct {
	name     string
	field    reflect.StructField
	value    reflect.Value
	fallback string
	required bool
	secret   string // "", "true" (hide all of it) or "dsn" (hide the password)
	want     string // what would be right, for messages
}

var unmarshaler = reflect.TypeFor[encoding.TextUnmarshaler]()

// settings lists the leaves of a configuration struct in the order they are written. Structs without an env tag, such as
// the part that a door owns, are followed; their names carry no prefix, so that one name means one thing in every stage.
func settings(config reflect.Value) []setting {
	var list []setting
	for i := range config.NumField() {
		field, value := config.Type().Field(i), config.Field(i)
		tag, tagged := field.Tag.Lookup("env")
		switch {
		case tagged && field.IsExported():
			list = append(list, leaf(field, value, tag))
		case !tagged && field.Type.Kind() == reflect.Struct && (field.IsExported() || field.Anonymous):
			list = append(list, settings(value)...)
		}
	}
	return list
}

func leaf(field reflect.StructField, value reflect.Value, tag string) setting {
	name, options, _ := strings.Cut(tag, ",")
	s := setting{
		name:     name,
		field:    field,
		value:    value,
		fallback: field.Tag.Get("envDefault"),
		secret:   field.Tag.Get("secret"),
		want:     field.Tag.Get("want"),
	}
	for option := range strings.SplitSeq(options, ",") {
		s.required = s.required || option == "required" || option == "notEmpty"
	}
	if s.want == "" {
		s.want = wanted(field.Type)
	}
	return s
}

// wanted says in words what a type reads; empty where the type itself explains in its error.
func wanted(t reflect.Type) string {
	switch {
	case t.PkgPath() == "time" && t.Name() == "Duration":
		return "a duration such as 30s"
	case t == reflect.TypeFor[Bytes]():
		return "a size such as 100MiB"
	case reflect.PointerTo(t).Implements(unmarshaler):
		return ""
	}
	switch t.Kind() {
	case reflect.Bool:
		return "true or false"
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return "a whole number"
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return "a whole number, not negative"
	case reflect.Float32, reflect.Float64:
		return "a number"
	default:
		return ""
	}
}

// validators are the parts of a configuration that judge themselves: the innermost first, the whole last.
func validators(config reflect.Value) []interface{ Validate() error } {
	var list []interface{ Validate() error }
	for i := range config.NumField() {
		field := config.Type().Field(i)
		_, tagged := field.Tag.Lookup("env")
		if !tagged && field.IsExported() && field.Type.Kind() == reflect.Struct {
			list = append(list, validators(config.Field(i))...)
		}
	}
	if v, ok := config.Addr().Interface().(interface{ Validate() error }); ok {
		list = append(list, v)
	}
	return list
}
