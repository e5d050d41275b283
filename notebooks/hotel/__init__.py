"""The hotel's package: a program that reads booking requests, and the service that offers it."""
