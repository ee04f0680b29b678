// The one thing of Node that a test uses; @types/node is not worth it.
declare module 'node:child_process' {
  export function execFileSync(program: string, words: string[], options: { encoding: 'utf8' }): string;
}
