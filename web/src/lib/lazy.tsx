// Pages that draw charts come as files of their own, fetched when first opened.
import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { Card, PageHead } from '../components/bits';
import { Failure, Waiting } from '../components/states';

type Component<Props> = (props: Props) => JSX.Element;

export function lazy<Props extends object>(load: () => Promise<Component<Props>>): Component<Props> {
  let loaded: Component<Props> | null = null;
  return function Lazy(props: Props): JSX.Element {
    const [error, setError] = useState<unknown>(null);
    const [, render] = useState(0);
    useEffect(() => {
      if (loaded) return;
      load().then((component) => { loaded = component; render((n) => n + 1); }, setError);
    }, []);
    if (loaded) {
      const Loaded = loaded;
      return <Loaded {...props} />;
    }
    if (error) return <Failure error="This page could not be fetched. The server may have been replaced by another version." retry={() => location.reload()} />;
    return <><PageHead title="…" /><Card><Waiting rows={12} /></Card></>;
  };
}
