import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { forModels, forRuns, get, pythonText, shellWord } from '../src/lib/snippets';

test.each(["tags.online = 'True'", '$HOME `x` "y" \\', 'plain-word', '', "a'b''c", 'ü 🙂\nnew line'])('a shell reads %j back', (text) => {
  expect(execFileSync('/bin/sh', ['-c', `printf %s ${shellWord(text)}`], { encoding: 'utf8' })).toBe(text);
});

test('parameters without a value are left out', () => {
  expect(get('api/v1/anomalies', { detector: '' })).toBe('curl $SERVER/api/v1/anomalies');
  expect(get('x', { filter: "a = 'b'", token: undefined })).toBe("curl -G $SERVER/x \\\n  --data-urlencode 'filter=a = '\\''b'\\'''");
});

test('the filter on screen is the filter in the code', () => {
  const filter = `tags."a b" = 'c'`;
  expect(forModels(filter).python).toContain(pythonText(filter));
  expect(forRuns('1', filter, 'metrics.x DESC').curl).toContain(JSON.stringify(filter).replaceAll("'", "'\\''"));
});
