module github.com/cdrflow/cdrflow/queryapi

go 1.26.0

require (
	github.com/cdrflow/cdrflow/services v0.0.0
	github.com/go-chi/chi/v5 v5.5.0
	github.com/golang-jwt/jwt/v5 v5.3.1
)

replace github.com/cdrflow/cdrflow/services => ../services
