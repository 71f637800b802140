// An S3-speaking server for the tests: node --openssl-legacy-provider server.js FOLDER BUCKET PORT. Prints its port, ends with its standard input.
const S3rver = require('s3rver');

const [folder, bucket, port] = process.argv.slice(2);
const server = new S3rver({ directory: folder, address: '127.0.0.1', port: Number(port), silent: true, configureBuckets: [{ name: bucket }] });

// It names the namespace of lists in another form than S3 does, and strict clients then find them empty.
server.middleware.unshift(async (context, next) => {
  await next();
  if (typeof context.body === 'string') {
    context.body = context.body.replaceAll('http://doc.s3.amazonaws.com/2006-03-01/', 'http://s3.amazonaws.com/doc/2006-03-01/');
  }
});
server.run().then((address) => console.log(address.port));
process.stdin.resume();
process.stdin.on('end', () => process.exit(0));
