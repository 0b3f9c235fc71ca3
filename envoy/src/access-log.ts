const line = {
  time: '%START_TIME(%Y-%m-%dT%H:%M:%S.%3fZ)%',
  service: 'envoy',
  // The trace id is its second part.
  traceparent: '%REQ(TRACEPARENT)%',
  requestId: '%REQ(X-REQUEST-ID)%',
  method: '%REQ(:METHOD)%',
  path: '%REQ(:PATH):200%',
  status: '%RESPONSE_CODE%',
  // Why Envoy answered in place of a gateway.
  flags: '%RESPONSE_FLAGS%',
  details: '%RESPONSE_CODE_DETAILS%',
  milliseconds: '%DURATION%',
  bytesIn: '%BYTES_RECEIVED%',
  bytesOut: '%BYTES_SENT%',
  upstream: '%UPSTREAM_HOST%',
  attempts: '%UPSTREAM_REQUEST_ATTEMPT_COUNT%',
};

/** Writes, what failed, what was slow, and what the client gave a name, of which nginx tells. */
const notable = [
  { header_filter: { header: { name: ':method', string_match: { safe_regex: { regex: 'PUT|DELETE' } } } } },
  // 404, 412 and 504 (not cached) are everyday answers.
  ...[400, 413, 431, 500, 502, 503, 507].map((status) => ({
    status_code_filter: { comparison: { op: 'EQ', value: { default_value: status, runtime_key: 'edge.never_set' } } },
  })),
  { duration_filter: { comparison: { op: 'GE', value: { default_value: 1000, runtime_key: 'edge.never_set' } } } },
  { header_filter: { header: { name: 'x-is-named', present_match: true } } },
];

/** The access loggers of Envoy, none or one that writes a JSON line a request to stdout. */
export function accessLog(kind: 'all' | 'notable' | 'off'): readonly object[] {
  if (kind === 'off') return [];
  return [
    {
      name: 'envoy.access_loggers.stdout',
      ...(kind === 'notable' ? { filter: { or_filter: { filters: notable } } } : {}),
      typed_config: {
        '@type': 'type.googleapis.com/envoy.extensions.access_loggers.stream.v3.StdoutAccessLog',
        log_format: { json_format: line },
      },
    },
  ];
}
