package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"os"

	"github.com/cdrflow/cdrflow/deployments/local/simulate"
)

// truthFile gets one JSON object a conversation, after the last of its rows has been written. A nil one gets nothing.
type truthFile struct {
	file *os.File
	out  *bufio.Writer
	json *json.Encoder
}

func openTruth(path string) (*truthFile, error) {
	if path == "" {
		return nil, nil
	}
	f, err := os.Create(path)
	if err != nil {
		return nil, fmt.Errorf("create the file of the truth: %w", err)
	}
	t := &truthFile{file: f, out: bufio.NewWriterSize(f, 1<<20)}
	t.json = json.NewEncoder(t.out)
	t.json.SetEscapeHTML(false)
	return t, nil
}

func (t *truthFile) add(c *simulate.Conversation) error {
	if t == nil {
		return nil
	}
	if err := t.json.Encode(&c.Truth); err != nil {
		return fmt.Errorf("write the truth: %w", err)
	}
	return nil
}

// flush lets whoever follows the file see what has been added.
func (t *truthFile) flush() error {
	if t == nil {
		return nil
	}
	return t.out.Flush()
}

func (t *truthFile) Close() error {
	if t == nil {
		return nil
	}
	return errors.Join(t.out.Flush(), t.file.Close())
}
