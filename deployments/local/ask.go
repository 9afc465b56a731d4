package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"time"
)

// statusError is an answer that is not 200.
type statusError int

func (s statusError) Error() string { return "status " + strconv.Itoa(int(s)) }

// callList is what the commands read of an answer of GET /api/v1/calls.
type callList struct {
	Data []struct {
		ID           uint64 `json:"id"`
		RecordingURL string `json:"recording_url"`
	} `json:"data"`
}

// plays tells whether a recording can be fetched.
func plays(ctx context.Context, addr, url, token string) bool {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodHead, "http://"+addr+url, nil)
	if err != nil {
		return false
	}
	request.Header.Set("Authorization", "Bearer "+token)
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return false
	}
	return response.Body.Close() == nil && response.StatusCode == http.StatusOK
}

// askCalls asks the API for calls.
func askCalls(ctx context.Context, addr, token, query string) (callList, error) {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+addr+"/api/v1/calls"+query, nil)
	if err != nil {
		return callList{}, fmt.Errorf("ask for calls: %w", err)
	}
	request.Header.Set("Authorization", "Bearer "+token)
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return callList{}, fmt.Errorf("ask for calls: %w", err)
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return callList{}, fmt.Errorf("ask for calls: %w", statusError(response.StatusCode))
	}
	var list callList
	if err := json.NewDecoder(response.Body).Decode(&list); err != nil {
		return callList{}, fmt.Errorf("read calls: %w", err)
	}
	return list, nil
}
