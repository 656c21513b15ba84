"""The gRPC service: requests in, domain calls, statuses out."""
