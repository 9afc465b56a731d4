package main

import "context"

// wasErased tells whether the recording was erased on request, and takes what there is of it off the disk: the API, which
// erases, may not see this one.
func (s *sweeper) wasErased(ctx context.Context, r *recording, key string) (is, removed bool, err error) {
	if is, err = s.store.Erased(ctx, key); !is || err != nil {
		return is, false, err
	}
	removed, err = r.remove()
	return true, removed, err
}

// erasedMeanwhile asks once more behind an upload. An erasure is remembered before the object is removed, so one that did not
// meet this object yet is seen here, and the object goes.
func (s *sweeper) erasedMeanwhile(ctx context.Context, r *recording, key string) (is, removed bool, err error) {
	if is, err = s.store.Erased(ctx, key); !is || err != nil {
		return is, false, err
	}
	if err := s.store.Erase(ctx, key); err != nil {
		return true, false, err
	}
	removed, err = r.remove()
	return true, removed, err
}

func orFailed(what outcome, err error) outcome {
	if err != nil {
		return failed
	}
	return what
}
