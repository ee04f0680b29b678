import { render } from 'preact';
import { App } from './app';
import { startKeys } from './lib/keys';
import { startRouter } from './lib/router';
import { startTheme } from './lib/theme';
import 'uplot/dist/uPlot.min.css';
import './styles/tokens.css';
import './styles/base.css';
import './styles/parts.css';
import './styles/charts.css';

startTheme();
startRouter();
startKeys();
render(<App />, document.getElementById('app')!);
