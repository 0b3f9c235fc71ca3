import { probe } from '../tcp-probe.ts';

/** Whether a Redis or Sentinel on 127.0.0.1 answers `command` so that `isAnswer` takes the text. Never rejects. */
export function redisAnswers(
  { port, password }: { readonly port: number; readonly password: string },
  command: string,
  isAnswer: (text: string) => boolean,
): Promise<boolean> {
  // The server closes after QUIT, so that an answer which is not taken is known at once.
  return probe(port, `AUTH ${password}\r\n${command}\r\nQUIT\r\n`, (text) => text.startsWith('+OK') && isAnswer(text));
}
