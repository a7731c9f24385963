// Chromium kept warm: one browser, for each document a new page, its HTML and its PDF. Markdown is read by marked, and
// the look is md-to-pdf's style sheet, so that it does the work that md-to-pdf does.
import { readFileSync } from 'node:fs';
import { drive, launch, require } from './driver.mjs';

const puppeteer = require('puppeteer');
const { marked } = require('marked');
const style = readFileSync(require.resolve('md-to-pdf/markdown.css'), 'utf8');

const browser = await puppeteer.launch(launch);

const render = async (text) => {
  const page = await browser.newPage();
  await page.setContent(`<!doctype html><meta charset="utf-8"><style>${style}</style>${marked(text)}`);
  const pdf = await page.pdf({ format: 'a4', printBackground: true });
  await page.close();
  return pdf;
};

await drive('Chromium', await browser.version(), render, () => browser.close());
