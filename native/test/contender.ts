import { reservePort } from '../src/port-reservation.ts';

// Run by port-reservation.test.ts: reserves what it can of the ports it is told, prints them, and stays.
const [lowest = 0, count = 0] = process.argv.slice(2).map(Number);
const got: number[] = [];
for (let port = lowest; port < lowest + count; port += 1) if (await reservePort(port)) got.push(port);
process.stdout.write(`${JSON.stringify(got)}\n`);
setInterval(() => {}, 60_000);
