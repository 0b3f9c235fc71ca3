export * from './entry-cache.ts';
export * from './outcome-feed.ts';
export * from './partition-lock.ts';
export * from './system-clock.ts';
