package call

import "reflect"

// SameMeaning tells whether two readings of one row came to the same understanding, whatever their versions.
func (c *Call) SameMeaning(o *Call) bool {
	a, b := c.meaning(), o.meaning()
	return reflect.DeepEqual(&a, &b)
}

// meaning is the call without what is the row's own: its raw columns and how they were kept.
func (c *Call) meaning() Call {
	m := *c
	m.Version, m.Table, m.Extra, m.RawHash, m.Nulls, m.Removed = 0, nil, nil, 0, "", false
	for _, list := range []*[]string{&m.Tags, &m.Conversation.Tags} {
		if len(*list) == 0 {
			*list = nil
		}
	}
	return m
}
