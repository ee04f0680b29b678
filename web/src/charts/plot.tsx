// uPlot in a box of fixed height: follows the width, draws again when the theme changes (a canvas knows no CSS), says
// in one sentence what it shows to those who do not see it.
import type { JSX } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import uPlot from 'uplot';
import { number, stamp } from '../lib/format';
import { colour, faded, themeEpoch } from '../lib/theme';

/** Left of the plot area, in CSS px: the same for every chart on a page, so that time lines up. */
export const kAxisWidth = 64;

export type Build = () => Omit<uPlot.Options, 'width' | 'height'>;

export function Plot({ build, data, height, summary, onReady, look = '' }: {
  /** Called anew whenever data or colours change. */
  build: Build;
  data: uPlot.AlignedData;
  height: number;
  summary: string;
  onReady?: (plot: uPlot) => void;
  look?: string;
}): JSX.Element {
  const box = useRef<HTMLDivElement>(null);
  const epoch = themeEpoch.value;

  useEffect(() => {
    const element = box.current!;
    const plot = new uPlot({ ...build(), width: Math.max(120, element.clientWidth), height }, data, element);
    onReady?.(plot);
    const watch = new ResizeObserver(() => {
      const width = Math.max(120, element.clientWidth);
      if (width !== plot.width) plot.setSize({ width, height });
    });
    watch.observe(element);
    return () => {
      watch.disconnect();
      plot.destroy();
    };
  }, [build, data, height, epoch]);

  return <div ref={box} class={`plot ${look}`} style={{ height: `${height}px` }} role="img" aria-label={summary} />;
}

const kTimeTicks: uPlot.Axis.Values = [
  // [least distance of ticks in s, text, then the text of the first tick of a new year, month/day, …]
  [3600 * 24 * 365, '{YYYY}', null, null, null, null, null, null, 1],
  [3600 * 24 * 28, '{MMM}', '\n{YYYY}', null, null, null, null, null, 1],
  [3600 * 24, '{D} {MMM}', '\n{YYYY}', null, null, null, null, null, 1],
  [3600, '{HH}:{mm}', '\n{D} {MMM} {YYYY}', null, '\n{D} {MMM}', null, null, null, 1],
  [60, '{HH}:{mm}', '\n{D} {MMM} {YYYY}', null, '\n{D} {MMM}', null, null, null, 1],
  [1, '{HH}:{mm}:{ss}', '\n{D} {MMM} {YYYY}', null, '\n{D} {MMM}', null, null, null, 1],
];

function axis(): uPlot.Axis {
  const line = { stroke: faded('--fg-2', 0.16), width: 1 };
  return { stroke: colour('--fg-2'), font: '12px system-ui, sans-serif', grid: line, ticks: { ...line, size: 4 } };
}

export const timeAxis = (shown = true): uPlot.Axis => ({
  ...axis(),
  ...(shown ? { size: 40, values: kTimeTicks } : { size: 6, values: (_: uPlot, ticks: number[]) => ticks.map(() => '') }),
});

export const stepAxis = (): uPlot.Axis => ({
  ...axis(),
  size: 26,
  values: (_, ticks) => ticks.map((tick) => (Number.isInteger(tick) ? number(tick, 6) : '')),
});

export const valueAxis = (): uPlot.Axis => ({
  ...axis(),
  size: kAxisWidth,
  gap: 6,
  values: (_, ticks) => ticks.map((tick) => short(tick)),
});

/** A tick's number in at most seven letters or so. */
function short(value: number): string {
  const size = Math.abs(value);
  if (size >= 1e12 || (size > 0 && size < 1e-3)) return value.toExponential(0).replace('+', '');
  return new Intl.NumberFormat('en', { notation: size >= 1e5 ? 'compact' : 'standard', maximumSignificantDigits: 4 }).format(value);
}

/** Times on axes and crosshairs are UTC, as everywhere on the pages. */
export const utcDate = (seconds: number): Date => uPlot.tzDate(new Date(seconds * 1000), 'Etc/UTC');

export const rangeWords = (from: number, to: number): string => `${stamp(from, { seconds: false })} to ${stamp(to, { seconds: false })} UTC`;
