// Package calllogs is a client of the Call Logs API, generated from its contract (queryapi/openapi.yaml).
package calllogs
