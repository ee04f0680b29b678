// The console, clicked through in Chromium against the real binary. WAKEFUL_BINARY names it; WAKEFUL_E2E_SHOTS takes the
// screenshots. `node --test --test-reporter=junit --test-reporter-destination=results.xml e2e.test.mjs` for CI.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { checkPage, launch, open, settle, shots } from './support/browser.mjs';
import { kJump, kOddDay, predictInstalls, seed, tellServed } from './support/seed.mjs';
import { startServer } from './support/server.mjs';

let server;
let browser;
let seeded;

before(async () => {
  server = await startServer();
  browser = await launch();
});
after(async () => {
  await browser?.close();
  await server?.stop();
  console.log(`screenshots: ${shots}`);
});

/** Opens `path`, runs the story, and looks at the console afterwards. */
async function story(path, options, steps) {
  const { page, close } = await open(browser, server.url, options);
  await page.goto(path);
  await settle(page);
  await steps(page);
  await close();
}

const heading = (page) => page.locator('h1');

describe('an empty server', () => {
  test('welcomes, with commands that name this server', () =>
    story('/', {}, async (page) => {
      await assertText(heading(page), /Welcome/);
      assert.match(await page.locator('.command').first().innerText(), new RegExp(server.url.replace(/[.]/g, '\\.')));
      await checkPage(page, 'empty-overview');
    }));

  for (const [name, path, command] of [
    ['detectors', '/detectors', /wakeful apply -f/],
    ['jobs', '/jobs', /wakeful run/],
    ['streams', '/streams', /schedule: stream/],
    ['models', '/models', /set_tracking_uri/],
    ['anomalies', '/anomalies', /wakeful anomalies list/],
  ]) {
    test(`tells how to fill the ${name}`, () =>
      story(path, { theme: 'dark' }, async (page) => {
        assert.match(await page.locator('.empty .command').innerText(), command);
        await checkPage(page, `empty-${name}`);
      }));
  }
});

describe('a server at work', () => {
  before(async () => {
    seeded = await seed(server.url);
  });

  test('the overview leads to what is wrong', () =>
    story('/', {}, async (page) => {
      await page.locator('.table-box a', { hasText: 'checkout-latency' }).first().click();
      await assertText(heading(page), /checkout-latency/);
      await page.waitForSelector('.series-chart canvas');
      assert.match(await page.locator('.series-chart .plot').first().getAttribute('aria-label'), /[1-9]\d* anomal/);
    }));

  test('a detector shows its series, its band and what it found', () =>
    story('/detectors', {}, async (page) => {
      await page.locator('tbody a', { hasText: 'checkout-latency' }).click();
      await page.waitForSelector('.series-chart canvas');
      await settle(page);
      assert.match(await page.locator('.readout').innerText(), /observed.*expected.*band.*score/s);
      const rows = page.locator('.table-box tbody tr:not(.spacer)');
      assert.ok((await rows.count()) >= 1, 'anomalies are listed');
      assert.match(await page.locator('pre.source').innerText(), /ar_ridge/);
      await assertText(page.locator('.chart-note').first(), /grey: pushed, not evaluated/);
      // Series are chosen in the address.
      await page.getByRole('combobox', { name: 'Series' }).selectOption('us');
      await page.waitForURL(/entity=us/);
      const plotOf = (series) => page.locator(`.series-chart .plot[aria-label^="${series}: "]`).first();
      await plotOf('us').waitFor();
      assert.match(await plotOf('us').getAttribute('aria-label'), / 0 anomalies/);
      await page.getByRole('combobox', { name: 'Series' }).selectOption('eu');
      await plotOf('eu').waitFor();
      await settle(page);
      // A drag zooms, and the address says to what.
      const over = page.locator('.series-chart .u-over').first();
      await over.waitFor();
      const box = await over.boundingBox();
      await page.mouse.move(box.x + box.width * 0.3, box.y + 40);
      await page.mouse.down();
      await page.mouse.move(box.x + box.width * 0.6, box.y + 60, { steps: 4 });
      await page.mouse.up();
      await page.waitForURL(/from=.*&to=/);
      await settle(page);
      await page.goBack();
      await page.waitForURL((url) => !url.search.includes('from='));
    }));

  test('evaluate now and train now run jobs and say how they ended', () =>
    story('/detectors/checkout-latency', {}, async (page) => {
      await page.getByRole('button', { name: 'Evaluate now' }).click();
      await page.locator('.toast', { hasText: /succeeded|skipped/ }).waitFor({ timeout: 60_000 });
      await page.getByRole('button', { name: 'Train now' }).click();
      await page.locator('.toast', { hasText: /Job/ }).nth(1).waitFor({ timeout: 60_000 });
    }));

  test('a detector that was never trained offers to train', () =>
    story('/detectors/payments-volume', {}, async (page) => {
      await assertText(page.locator('.empty h2').first(), /Not trained yet/);
      await page.waitForSelector('.pushed canvas');
    }));

  test('jobs can be looked into', () =>
    story('/jobs', {}, async (page) => {
      await page.getByRole('button', { name: 'Succeeded' }).click();
      await page.waitForURL(/state=succeeded/);
      await settle(page);
      await page.locator('tbody a.strong').first().click();
      await page.waitForURL(/\/jobs\/.+/);
      await settle(page);
      await assertText(page.locator('.facts').first(), /Attempt/);
      await assertText(page.locator('.facts').nth(1), /Rows/);
      await page.locator('.facts a', { has: page.locator('code') }).click();
      await page.waitForURL(/\/experiments\/.+\/runs\/.+/);
      await assertText(heading(page), /checkout-latency/);
    }));

  test('models are found by their tags, and a wrong filter is marked at the token', () =>
    story('/models', { expected: [/status of 400/] }, async (page) => {
      const filter = page.getByRole('textbox', { name: 'Filter models' });
      await filter.fill("tags.detector = 'checkout-latency' and tags.online = 'True'");
      await filter.press('Enter');
      await page.waitForURL(/filter=/);
      await page.waitForFunction(() => document.querySelectorAll('tbody a.strong').length > 0 && ![...document.querySelectorAll('tbody a.strong')].some((link) => link.textContent === 'churn'));
      await filter.fill('tags.online = True');
      await filter.press('Enter');
      await assertText(page.locator('.mirror .fault'), /^True$/);
      assert.notEqual((await page.locator('.filter-error').innerText()).trim(), '');
      await checkPage(page, 'filter-error');
      await filter.fill("name = 'churn'");
      await filter.press('Enter');
      await page.getByRole('button', { name: 'Code for this page' }).click();
      await assertText(page.locator('dialog[open] pre').first(), /registered-models\/search/);
      await checkPage(page, 'code');
    }));

  test('a model leads to its versions and to the run it came from', () =>
    story('/models', {}, async (page) => {
      await page.locator('tbody a.strong', { hasText: /^churn$/ }).click();
      await page.waitForURL(/\/models\/churn/);
      await settle(page);
      await assertText(page.locator('tbody tr', { hasText: 'v2' }).first(), /@champion/);
      await page.locator('tbody tr a').first().click();
      await page.waitForURL(new RegExp(`/runs/${seeded.run}`));
      await assertText(heading(page), /forest-00/);
    }));

  test('an anomaly of sensors that are judged jointly says which of them it was', () =>
    story('/anomalies?detector=boiler-room&view=points', {}, async (page) => {
      await page.locator('tbody tr', { hasText: /s3 \d+ %/ }).locator('a').first().click();
      await page.waitForURL(/\/detectors\/boiler-room\?at=/);
      await assertText(page.locator('[aria-label="Channels of the anomaly"] tbody tr').first(), /s3\s*\d+ %/);
      assert.equal(await page.locator('.series-chart canvas').count(), 1); // the score alone: there is no one value
      await assertText(page.locator('.series-chart .readout'), /^(?!.*observed).*score/);
    }));

  test('a stream detector shows how far it is and what it alerted about', () =>
    story('/streams', {}, async (page) => {
      await assertText(page.locator('tbody'), /running\s*hot-machines mean of Temperature_C over 5s, every 1s/);
      await checkPage(page, 'streams');
      await page.getByRole('link', { name: 'hot-machines' }).click();
      await page.waitForURL(/\/streams\/hot-machines/);
      await assertText(page.locator('[aria-label="Partitions"]'), /1 refused/);
      await page.locator('[aria-label="Anomalies"]').getByText('91.5').waitFor();
      assert.equal(await page.locator('[aria-label="Anomalies"]').locator('tbody tr:not(.spacer)').count(), 11);
      await checkPage(page, 'stream');
    }));

  test('a batch detector shows where its predictions go and which intervals were written', async () => {
    await story('/detectors/installs-by-night', {}, async (page) => {
      await assertText(page.locator('.tight-empty', { hasText: 'No interval was written yet' }).locator('.command'), /wakeful run installs-by-night --kind predict/);
      await checkPage(page, 'no-predictions');
    });
    await predictInstalls(server.url, kOddDay - 1, kOddDay);
    const before = await predictInstalls(server.url, kOddDay, kOddDay + 1);
    const again = await predictInstalls(server.url, kOddDay, kOddDay + 1);
    await story('/detectors/installs', {}, async (page) => {
      const card = page.locator('.card', { has: page.getByRole('heading', { name: 'Predictions' }) });
      await assertText(card, /to warehouse:predictions, 1d at a time/);
      const intervals = card.locator('li');
      await assertText(intervals.first(), /2 rows, 1 outliers/);
      await assertText(intervals.nth(1), /2 rows, 0 outliers/);
      assert.equal(await intervals.count(), 2, 'an interval that was predicted again stands there once');
      await assertText(intervals.first(), /version 1/);
      assert.notEqual(again.run_id, before.run_id);
      await assertText(intervals.first(), new RegExp(again.run_id.slice(0, 12)));
      await checkPage(page, 'predictions');
      await intervals.first().getByRole('link').first().click();
      await page.waitForURL(new RegExp(`/jobs/${again.id}`));
      await assertText(heading(page), /predict installs/);
      await assertText(page.locator('.facts').nth(1), /warehouse:predictions/);
      await checkPage(page, 'prediction-job');
      await page.goto('/detectors/installs');
      await settle(page);
      await card.getByRole('link', { name: 'All jobs' }).click();
      await page.waitForURL(/\/jobs\?detector=installs/);
      await assertText(page.locator('tbody'), /predict/);
    });
  });

  test('a model that is served shows by whom, how often and how fast', async () => {
    await tellServed(server.url);
    await story('/models/churn', {}, async (page) => {
      await assertText(page.locator('[aria-label="Model servers"] tbody'), /127\.0\.0\.1:8000\s*v2\s*1,234\s*0\.41 ms\s*0\.92 ms/);
      await checkPage(page, 'served-model');
    });
  });

  test('a series of the fit and predict API shows what it was trained on', () =>
    story('/models/series__boiler', {}, async (page) => {
      await assertText(heading(page), /series__boiler/);
      const plot = page.locator('img.drawn');
      await plot.scrollIntoViewIfNeeded();
      await page.waitForFunction(() => document.querySelector('img.drawn')?.naturalWidth === 800);
      await assertText(page.locator('main'), /wakeful models serve -m models:\/series__boiler\/1/);
    }));

  test('runs are filtered, sorted and shown by the address alone', () =>
    story(`/experiments/${seeded.experiment}`, {}, async (page) => {
      const filter = page.getByRole('textbox', { name: 'Filter runs' });
      await filter.fill("tags.team = 'growth' and metrics.rmse < 0.85");
      await filter.press('Enter');
      await page.waitForURL(/filter=/);
      await page.locator('th button', { hasText: 'rmse' }).click();
      await page.waitForURL(/sort=metrics\.rmse/);
      await page.waitForFunction(() => document.querySelectorAll('tbody tr:not(.spacer)').length === 5);
      await settle(page);
      const names = () => page.locator('tbody a.strong').allInnerTexts();
      const first = await names();
      assert.deepEqual(first, ['forest-11', 'forest-09', 'forest-07', 'forest-05', 'forest-03']);
      await page.reload();
      await settle(page);
      assert.deepEqual(await names(), first, 'a reload shows the same');
      await page.locator('summary', { hasText: 'Columns' }).click();
      await page.getByRole('checkbox', { name: 'depth' }).click();
      await page.waitForURL(/columns=/);
      assert.equal(await page.locator('th', { hasText: 'depth' }).count(), 0);
    }));

  test('a run shows parameters, curves, inputs and files', () =>
    story(`/experiments/${seeded.experiment}/runs/${seeded.run}`, {}, async (page) => {
      await page.waitForSelector('.metric-chart canvas');
      await assertText(page.locator('.metric-chart figcaption').first(), /val\/loss/);
      await assertText(page.locator('.figures'), /rmse/);
      await assertText(page.locator('main'), /accounts/);
      await page.getByRole('button', { name: '0.9', exact: true }).click();
      await page.waitForURL(/smooth=0\.9/);
      await page.locator('.files button', { hasText: 'confusion.csv' }).click();
      await assertText(page.locator('.csv'), /812/);
      await page.locator('.files button', { hasText: 'model' }).click();
      await page.locator('.files button', { hasText: 'MLmodel' }).click();
      await assertText(page.locator('.preview pre'), /python_function/);
    }));

  test('links that MLflow’s clients print open the same run', () =>
    story(`/#/experiments/${seeded.experiment}/runs/${seeded.run}`, {}, async (page) => {
      await assertText(heading(page), /forest-00/);
      assert.equal(new URL(page.url()).hash, '');
    }));

  test('what is not there says so, with the request id', () =>
    story('/detectors/nobody', { expected: [/status of 404/] }, async (page) => {
      await assertText(page.locator('.failure'), /nobody/);
      assert.match(await page.locator('.request-id').innerText(), /\S{6,}/);
      await checkPage(page, 'missing-detector');
      await page.goto('/nowhere');
      await assertText(heading(page), /No such page/);
    }));

  test('keys reach every place', () =>
    story('/', {}, async (page) => {
      for (const [keys, title] of [['gd', 'Detectors'], ['gs', 'Streams'], ['ga', 'Anomalies'], ['gj', 'Jobs'], ['ge', 'Experiments'], ['gm', 'Models'], ['go', 'Overview']]) {
        for (const key of keys) await page.keyboard.press(key);
        await assertText(heading(page), new RegExp(title));
      }
      await page.keyboard.press('?');
      await page.locator('dialog[open]').waitFor();
      await checkPage(page, 'keys');
      await page.keyboard.press('Escape');
      await page.goto('/models');
      await settle(page);
      await page.keyboard.press('/');
      assert.equal(await page.evaluate(() => document.activeElement?.getAttribute('aria-label')), 'Filter models');
      await page.keyboard.press('Escape');
      await page.locator('.table-box').focus();
      await page.keyboard.press('j');
      await page.keyboard.press('Enter');
      await page.waitForURL(/\/models\/.+/);
    }));

  test('the theme follows the system until it is chosen, and is remembered', () =>
    story('/', { theme: 'dark' }, async (page) => {
      const background = () => page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor);
      const dark = await background();
      await page.locator('[data-theme-button]').click();
      const light = await background();
      assert.notEqual(light, dark);
      await page.reload();
      await settle(page);
      assert.equal(await background(), light);
    }));

  test('pages go out under a policy without inline code, files packed and kept', async () => {
    const page = await fetch(`${server.url}/detectors`, { headers: { accept: 'text/html' } });
    const policy = page.headers.get('content-security-policy') ?? '';
    assert.match(policy, /default-src 'self'/);
    assert.doesNotMatch(policy, /unsafe/);
    const script = /src="\.\/(assets\/[^"]+\.js)"/.exec(await page.text())[1];
    const file = await fetch(`${server.url}/${script}`);
    assert.match(file.headers.get('cache-control'), /immutable/);
    const again = await fetch(`${server.url}/${script}`, { headers: { 'if-none-match': file.headers.get('etag') } });
    assert.equal(again.status, 304);
    const unknown = await fetch(`${server.url}/api/v1/nothing`, { headers: { accept: 'text/html' } });
    assert.equal(unknown.status, 404);
    assert.match(unknown.headers.get('content-type'), /json/);
  });
});

describe('every page, in both themes, wide and on a phone', () => {
  const pages = () => [
    ['overview', '/'],
    ['detectors', '/detectors'],
    ['detector', '/detectors/checkout-latency'],
    ['anomalies', '/anomalies'],
    ['anomaly-points', '/anomalies?view=points'],
    ['jobs', '/jobs'],
    ['streams', '/streams'],
    ['stream', '/streams/hot-machines'],
    ['job', `/jobs/${seeded.job}`],
    ['experiments', '/experiments'],
    ['runs', `/experiments/${seeded.experiment}`],
    ['run', `/experiments/${seeded.experiment}/runs/${seeded.run}`],
    ['models', '/models'],
    ['model', '/models/churn'],
    ['series-model', '/models/series__boiler'],
    ['online-model', `/models/${seeded.online}`],
    ['training-run', `/runs/${seeded.training}`],
    ['untrained', '/detectors/payments-volume'],
    ['batch-detector', '/detectors/installs'],
    ['channels', `/detectors/boiler-room?at=${kJump}`],
  ];
  for (const [width, height] of [[1280, 800], [390, 844]]) {
    test(`${width} px`, async () => {
      const { page, close } = await open(browser, server.url, { width, height });
      for (const [name, path] of pages()) {
        await page.emulateMedia({ colorScheme: 'light' });
        await page.goto(path);
        await settle(page);
        await checkPage(page, `${name}-light-${width}`);
        // The theme changes under the page; what axe says beside colours does not.
        await page.emulateMedia({ colorScheme: 'dark' });
        await checkPage(page, `${name}-dark-${width}`, { rules: ['color-contrast', 'link-in-text-block'] });
      }
      await close();
    });
  }

  test('charts draw their words in the colour of the theme', async () => {
    // axe does not see canvases: count pixels that are much lighter than the dark surface left of the plot.
    const { page, close } = await open(browser, server.url, { theme: 'dark' });
    await page.goto('/detectors/checkout-latency');
    await page.waitForSelector('.series-chart canvas');
    await settle(page);
    const light = await page.evaluate(() => {
      const canvas = document.querySelector('.series-chart canvas');
      const pixels = canvas.getContext('2d').getImageData(0, 0, Math.round(56 * devicePixelRatio), canvas.height).data;
      let seen = 0;
      for (let i = 0; i < pixels.length; i += 4) if (pixels[i + 3] > 128 && pixels[i] + pixels[i + 1] + pixels[i + 2] > 380) seen += 1;
      return seen;
    });
    assert.ok(light > 40, `${light} light pixels where the axis has its numbers`);
    await close();
  });
});

/** Waits until the text of `locator` matches; says what it was if it never does. */
async function assertText(locator, pattern) {
  try {
    await locator.filter({ hasText: pattern }).first().waitFor();
  } catch {
    assert.match(await locator.first().innerText(), pattern);
    throw new Error(`${pattern} is not visible`);
  }
}
