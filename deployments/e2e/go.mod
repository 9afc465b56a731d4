module github.com/cdrflow/cdrflow/deployments/e2e

go 1.26.0

require github.com/cdrflow/cdrflow/services v0.0.0

replace github.com/cdrflow/cdrflow/services => ../../services
