// md-to-pdf, called as its users do: each call starts a server and a browser, as its command line does.
import { drive, launch, require } from './driver.mjs';

const { mdToPdf } = require('md-to-pdf');
const { version } = require('md-to-pdf/package.json');

const render = async (content) => {
  const made = await mdToPdf({ content }, { launch_options: launch });
  return made.content;
};

await drive('md-to-pdf', version, render);
