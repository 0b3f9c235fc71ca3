import type { CacheStatus } from '@stratakv/core';

/** A `Cache-Status` header (RFC 9211): `StrataKV; hit; ttl=57` or `StrataKV; fwd=miss; stored`. */
export function formatCacheStatus({ forwarded, ttlMs, isStored, isCollapsed }: CacheStatus): string {
  if (forwarded === undefined) return `StrataKV; hit; ttl=${Math.ceil((ttlMs ?? 0) / 1000)}`;
  return `StrataKV; fwd=${forwarded}${isStored ? '; stored' : ''}${isCollapsed ? '; collapsed' : ''}`;
}
