package main

import (
	"os"
	"testing"
	"time"

	"github.com/cdrflow/cdrflow/services/minio"
	"github.com/cdrflow/cdrflow/services/servertest"
)

// What was erased on request does not come back from the disk, whether it had been archived or not.
func TestErasedRecordings(t *testing.T) {
	t.Parallel()
	h := newHouse(t, servertest.MinIO(t), 24*time.Hour)
	content := wav(5000, 5000)
	for _, name := range []string{"2026/11/21/archived.wav", "never.wav", "kept.wav"} {
		h.write(name, content, time.Hour)
	}
	erase := func(name string) {
		t.Helper()
		if err := h.store.Erase(t.Context(), minio.Key("pbx", name)); err != nil {
			t.Fatal(err)
		}
	}
	erase("never.wav")
	h.sweeps(map[outcome]int{moved: 2, erased: 1}, 1)
	erase("archived.wav")
	h.sweeps(map[outcome]int{known: 1, erased: 1}, 1)
	h.sweeps(map[outcome]int{known: 1}, 0)
	h.archived("kept.wav", content, true)
	h.archived("2026/11/21/archived.wav", nil, false)
	h.archived("never.wav", nil, false)
	// The PBX writes a file of this name once more.
	h.write("never.wav", content, time.Hour)
	h.sweeps(map[outcome]int{known: 1, erased: 1}, 1)
	h.archived("never.wav", nil, false)
}

// An erasure that comes while the recording is on its way to the store is not undone by it.
func TestErasedWhileItIsStored(t *testing.T) {
	t.Parallel()
	h := newHouse(t, servertest.MinIO(t), 24*time.Hour)
	content := wav(5000, 5000)
	h.write("a.wav", content, time.Hour)
	key := minio.Key("pbx", "a.wav")
	if err := h.store.Erase(t.Context(), key); err != nil { // before the object is there
		t.Fatal(err)
	}
	root, err := os.OpenRoot(h.Dir)
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	r := recording{root: root, path: "a.wav"}
	if what, err := h.examine(&r); what != known || err != nil {
		t.Fatal(what, err)
	}
	defer r.file.Close()
	if err := h.hash(t.Context(), &r); err != nil {
		t.Fatal(err)
	}
	if err := h.upload(t.Context(), &r, key, ""); err != nil {
		t.Fatal(err)
	}
	is, removed, err := h.erasedMeanwhile(t.Context(), &r, key)
	if !is || !removed || err != nil {
		t.Errorf("%v, %v, %v", is, removed, err)
	}
	h.archived("a.wav", nil, false)
}
