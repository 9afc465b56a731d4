module github.com/cdrflow/cdrflow/enricher

go 1.26.0

require (
	github.com/cdrflow/cdrflow/services v0.0.0
	go.yaml.in/yaml/v3 v3.0.5
)

replace github.com/cdrflow/cdrflow/services => ../services
