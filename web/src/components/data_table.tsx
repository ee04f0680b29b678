// A table of any length: the server sorts and filters, this shows. Rows have one height; only those in view exist in
// the page, between two spacers. Near the end it asks for more. j/k or arrows move, Enter opens.
import type { ComponentChildren, JSX } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { navigate } from '../lib/router';
import { Icon } from './icons';

export interface ColumnOf<Row> {
  id: string;
  head: ComponentChildren;
  /** For the heading, where `head` is no text. */
  label?: string;
  cell: (row: Row) => ComponentChildren;
  align?: 'end';
  sortable?: boolean;
  /** Class of the cells: a width from the stylesheet. */
  look?: string;
}

export interface Sorting {
  id: string;
  descending: boolean;
}

const kRowHeight = 40;
const kAhead = 8;

export function DataTable<Row>({ label, rows, columns, keyOf, linkOf, sorting, onSort, total, more, look = '' }: {
  label: string;
  rows: Row[];
  columns: ColumnOf<Row>[];
  keyOf: (row: Row, place: number) => string;
  /** Where Enter or a click on the row's empty parts leads. */
  linkOf?: (row: Row) => string;
  sorting?: Sorting | null;
  onSort?: (sorting: Sorting) => void;
  /** Rows in all, when more exist than are here. */
  total?: number;
  more?: (() => void) | undefined;
  look?: string;
}): JSX.Element {
  const box = useRef<HTMLDivElement>(null);
  const [view, setView] = useState({ top: 0, height: 400 });
  const [chosen, setChosen] = useState(-1);

  useEffect(() => {
    const element = box.current;
    if (!element) return;
    const measure = (): void => setView({ top: element.scrollTop, height: element.clientHeight || 800 });
    const watch = new ResizeObserver(measure);
    watch.observe(element);
    element.addEventListener('scroll', measure, { passive: true });
    return () => {
      watch.disconnect();
      element.removeEventListener('scroll', measure);
    };
  }, []);

  const first = Math.max(0, Math.floor(view.top / kRowHeight) - kAhead);
  const last = Math.min(rows.length, Math.ceil((view.top + view.height) / kRowHeight) + kAhead);
  useEffect(() => {
    if (more && last >= rows.length) more();
  }, [more, last, rows.length]);

  const move = (event: KeyboardEvent): void => {
    const step = { ArrowDown: 1, j: 1, ArrowUp: -1, k: -1, PageDown: 10, PageUp: -10 }[event.key];
    if (event.target !== box.current || event.ctrlKey || event.metaKey) return;
    if (step) {
      event.preventDefault();
      const to = Math.max(0, Math.min(rows.length - 1, chosen + step));
      setChosen(to);
      const element = box.current!;
      const y = to * kRowHeight;
      if (y < element.scrollTop) element.scrollTop = y;
      else if (y + 2 * kRowHeight > element.scrollTop + element.clientHeight) element.scrollTop = y + 2 * kRowHeight - element.clientHeight;
    } else if (event.key === 'Enter' && linkOf && rows[chosen]) {
      navigate(linkOf(rows[chosen]));
    }
  };

  const open = (event: MouseEvent, row: Row): void => {
    if (!linkOf || (event.target as Element).closest('a, button, input, label') || getSelection()?.toString()) return;
    navigate(linkOf(row));
  };

  const sort = (id: string): void => onSort?.({ id, descending: sorting?.id === id ? !sorting.descending : false });

  return (
    <div ref={box} class={`table-box ${look}`} role="region" aria-label={label} tabIndex={0} onKeyDown={move}>
      <table aria-rowcount={(total ?? rows.length) + 1}>
        <thead>
          <tr aria-rowindex={1}>
            {columns.map((column) => {
              const sorted = sorting?.id === column.id;
              const order = sorted ? (sorting.descending ? 'descending' : 'ascending') : undefined;
              return (
                <th key={column.id} scope="col" class={`${column.look ?? ''} ${column.align ?? ''}`} {...(order && { 'aria-sort': order })}>
                  {column.sortable && onSort ? (
                    <button type="button" class={sorted ? `sort ${order}` : 'sort'} onClick={() => sort(column.id)}>
                      {column.head}
                      <Icon name="chevron" size={12} />
                    </button>
                  ) : (
                    column.head || <span class="hidden">{column.label ?? column.id}</span>
                  )}
                </th>
              );
            })}
          </tr>
        </thead>
        <tbody>
          {first > 0 && <tr class="spacer" aria-hidden="true"><td colSpan={columns.length} style={{ height: `${first * kRowHeight}px` }} /></tr>}
          {rows.slice(first, last).map((row, i) => (
            <tr
              key={keyOf(row, first + i)}
              aria-rowindex={first + i + 2}
              class={`${linkOf ? 'opens' : ''} ${first + i === chosen ? 'chosen' : ''}`}
              onClick={(event) => open(event, row)}
            >
              {columns.map((column) => (
                <td key={column.id} class={`${column.look ?? ''} ${column.align ?? ''}`}>{column.cell(row)}</td>
              ))}
            </tr>
          ))}
          {last < rows.length && (
            <tr class="spacer" aria-hidden="true"><td colSpan={columns.length} style={{ height: `${(rows.length - last) * kRowHeight}px` }} /></tr>
          )}
        </tbody>
      </table>
    </div>
  );
}
